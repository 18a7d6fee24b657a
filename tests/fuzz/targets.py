"""What is fuzzed: every reader of files, fed with bytes."""

import struct
import zlib
from pathlib import Path

from tests.apis.bundle.harmless import bundle_of, fuzzed_parts
from tests.faults.spoiling import good
from tests.faults.spoiling.faults import all_faults
from tests.faults.spoiling.image_faults import chunk

TARGETS = {
    'dl_info': 'DL_info',
    'annotations': 'annotations',
    'results': 'results',
    'bank': 'bank',
    'exclude': 'exclude',
    'review': 'review',
    'volumes': 'volumes',
    'lesions': 'lesions',
    'foreign_coco': 'foreign',
    'foreign_csv': 'foreign csv',
    'npz': 'npz',
    'fusion': 'fusion',
    'yolo': 'yolo',
    'own_coco': 'own coco',
    'truth': 'truth',
    'patients': 'patients',
    'png': 'png',
    'png_chunks': 'png',
    'nifti': 'nifti',
    'labels': 'labels',
    'dicom': 'dicom',
    'enhanced_dicom': 'enhanced dicom',
    'bundle': 'bundle',
    'bundle_parts': 'bundle',
}


def read_bytes(target: str, data: bytes, folder: Path) -> bool:
    """Whether the reader of a target takes these bytes.

    Anything but the two kinds of errors that a user may see goes through.
    """
    kind = TARGETS[target]
    path = folder / f'fuzzed{good.SUFFIXES[kind]}'
    path.write_bytes(_MADE[target](data) if target in _MADE else data)
    try:
        good.read(kind, path)
    except (ValueError, OSError) as error:
        said = str(error)
        # Of a folder that holds one file, the folder says which.
        named = path.name in said or str(folder) in said
        # It may be of another scan, and then lacks where it is looked for.
        assert named or 'every volume must have' in said, said
        return False
    return True


def _png(data: bytes) -> bytes:
    """Chunks with right checksums: 13 bytes of header, then pixels.

    Pixels are compressed where the first byte is odd: fuzzers find neither
    checksums nor zlib streams.
    """
    deflate, header, rest = data[:1], data[1:14].ljust(13, b'\0'), data[14:]
    if deflate and deflate[0] % 2:
        rest = zlib.compress(rest)
    size = struct.pack('>II', good.SIDE, good.SIDE)
    parts = [(b'IHDR', size + header[8:]), (b'IDAT', rest), (b'IEND', b'')]
    return b'\x89PNG\r\n\x1a\n' + b''.join(chunk(*part) for part in parts)


# Targets whose bytes are made into a file: fuzzers find no checksums.
_MADE = {'png_chunks': _png, 'bundle_parts': bundle_of}


def write_corpus(target: str, folder: Path) -> None:
    """Seeds: a good file, and every fault of its kind."""
    kind = TARGETS[target]
    good_one = good.good_bytes(kind, folder)
    seeds = [good_one]
    seeds += [f.spoil(good_one) for f in all_faults() if f.kind == kind]
    if target == 'png_chunks':
        pixels = bytes((1 + 2 * good.SIDE) * good.SIDE)
        seeds = [b'\x01' + bytes(8) + b'\x10\0\0\0\0' + pixels]
    if target == 'bundle_parts':
        seeds = [fuzzed_parts()]
    for number, seed in enumerate(seeds):
        if len(seed) < 100_000:
            (folder / f'seed_{number:04d}').write_bytes(seed)
