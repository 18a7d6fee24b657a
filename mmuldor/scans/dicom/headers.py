"""Headers of DICOM files: which are slices of a CT series in HU."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmuldor.io.limits import (
    MAX_NUMBER,
    MAX_SIDE_PX,
    MAX_SLICE_BYTES,
    PIXEL_MM,
)

# CT, enhanced CT and legacy converted enhanced CT image storage.
_CT_IMAGES = tuple(
    f'1.2.840.10008.5.1.4.1.1.2{end}' for end in ('', '.1', '.2')
)
_DEFLATED = '1.2.840.10008.1.2.1.99'
# Numbers of a slice, and how many each has.
_NUMBERS = {
    'RescaleSlope': 1,
    'RescaleIntercept': 1,
    'ImagePositionPatient': 3,
    'ImageOrientationPatient': 6,
    'PixelSpacing': 2,
}
# Series of a folder that a message lists.
_LISTED = 20
_USED = (
    *_NUMBERS,
    *('Rows', 'Columns', 'SeriesInstanceUID', 'Modality', 'ImageType'),
    *('SeriesDescription', 'NumberOfFrames', 'SamplesPerPixel'),
    *('RescaleType', 'SliceThickness', 'StudyInstanceUID', 'SOPClassUID'),
    *('FrameOfReferenceUID', 'SOPInstanceUID', 'PhotometricInterpretation'),
)


def find_headers(folder: Path) -> tuple[list[tuple[Path, object]], list[str]]:
    """Files and headers of all DICOM files with pixels.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file is DICOM but cannot be read, or a CT image is
            cut off in its header.
    """
    found, others = [], 0
    for path in sorted(p for p in folder.rglob('*') if p.is_file()):
        header = read_header(path) if _is_dicom(path) else {}
        if 'Rows' in header:
            found.append((path, header))
        else:
            others += 1
    if not found:
        raise FileNotFoundError(
            f'{folder} must hold DICOM files of a CT series, but none of its '
            f'{others} files is one.'
        )
    notes = [f'{others} files that are no DICOM images'] if others else []
    return found, notes


def _is_dicom(path: Path) -> bool:
    with path.open('rb') as file:
        return file.read(132)[128:] == b'DICM'


def read_header(path: Path) -> object:
    """Everything but the pixels; each element that is used is looked at.

    Raises:
        ValueError: Names the file and the element that cannot be read.
    """
    import pydicom

    _check_size(path)
    _check_deflated(path)
    name = 'the header'
    try:
        with warnings.catch_warnings():
            # pydicom warns of values that are checked here anyway.
            warnings.simplefilter('ignore')
            header = pydicom.dcmread(path, stop_before_pixels=True)
            for name in _USED:
                header.get(name)
            kind = str(header.file_meta.get('MediaStorageSOPClassUID', ''))
    # pydicom raises whatever comes of damaged files.
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(
            f'{path}: {name} must be readable, but: {reason}'
        ) from error
    if 'Rows' not in header and kind in _CT_IMAGES:
        raise ValueError(
            f'{path} must be a whole CT image, but its header ends before '
            'Rows. Was it cut off? Copy it again.'
        )
    if 'Rows' in header and not header.get('SeriesInstanceUID'):
        raise ValueError(
            f'{path} must have SeriesInstanceUID, but has none: nobody can '
            'tell which series it is of. Move it out of the folder.'
        )
    return header


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MAX_SLICE_BYTES:
        raise ValueError(
            f'{path} must be one slice, but has {size:,} bytes, more than '
            f'{MAX_SLICE_BYTES:,}. Convert a file of many frames with '
            'dcm2niix, or move it out of the folder.'
        )


def _check_deflated(path: Path) -> None:
    """Raise ValueError where a deflated file would inflate to too much."""
    import pydicom

    try:
        with path.open('rb') as file:
            pydicom.filereader.read_preamble(file, False)
            meta = pydicom.filereader._read_file_meta_info(file)
            if str(meta.get('TransferSyntaxUID', '')) != _DEFLATED:
                return
            rest = file.read()
        count, unpack = 0, zlib.decompressobj(-zlib.MAX_WBITS)
        while rest and count <= MAX_SLICE_BYTES:
            count += len(unpack.decompress(rest, 2**20))
            rest = unpack.unconsumed_tail
    except Exception as error:
        raise ValueError(
            f'{path} must be readable DICOM, but: {error}'
        ) from error
    if count > MAX_SLICE_BYTES:
        raise ValueError(
            f'{path} must be one slice, but inflates to more than '
            f'{MAX_SLICE_BYTES:,} bytes.'
        )


def choose_series(
    headers: Sequence[tuple[Path, object]], uid: str | None, folder: Path
) -> list[tuple[Path, object]]:
    """The files of one series; the only one where none is asked for."""
    by_uid: dict[str, list] = {}
    for path, header in headers:
        by_uid.setdefault(str(header.SeriesInstanceUID), []).append(
            (path, header)
        )
    if uid is None and len(by_uid) == 1:
        (uid,) = by_uid
    if uid not in by_uid:
        listed = '; '.join(
            _described(key, group)
            for key, group in list(by_uid.items())[:_LISTED]
        )
        must = 'one of' if uid is None else f'not {uid}, but one of'
        raise ValueError(
            f'{folder}: `series_uid` must be {must} the {len(by_uid)} series '
            f'there: {listed}.'
        )
    return by_uid[uid]


def _described(uid: str, group: Sequence[tuple[Path, object]]) -> str:
    header = group[0][1]
    kind = str(header.get('Modality', '?'))[:16]
    text = str(header.get('SeriesDescription', 'no description'))[:64]
    return f'{uid[:64]} ({kind}, {text}, {len(group)} files)'


def without_scouts(
    files: list[tuple[Path, object]], notes: list[str]
) -> list[tuple[Path, object]]:
    """Without localizers, which are no slices of the volume."""
    kept = [
        (path, header)
        for path, header in files
        if 'LOCALIZER' not in str(header.get('ImageType', ''))
    ]
    if len(kept) < len(files):
        notes.append(f'{len(files) - len(kept)} scout views left out')
    return kept or files


def check_slice(path: Path, header: object) -> None:
    """Raise ValueError unless this is a slice of a CT in HU."""
    modality = header.get('Modality', 'nothing')
    if modality != 'CT':
        raise ValueError(f'{path}: Modality must be CT, but got {modality}.')
    if str(header.get('NumberOfFrames') or 1).strip() != '1':
        raise ValueError(
            f'{path} must be one slice, but NumberOfFrames is '
            f'{header.NumberOfFrames}. Convert it with dcm2niix.'
        )
    if header.get('SamplesPerPixel', 1) != 1:
        raise ValueError(
            f'{path} must hold CT numbers, but SamplesPerPixel is '
            f'{header.SamplesPerPixel}, as of a colour picture.'
        )
    colours = str(header.get('PhotometricInterpretation', 'MONOCHROME2'))
    if colours not in ('MONOCHROME1', 'MONOCHROME2'):
        raise ValueError(
            f'{path} must hold CT numbers, but PhotometricInterpretation is '
            f'{colours[:80]}, as of a colour picture.'
        )
    for name in _NUMBERS:
        if header.get(name) in (None, ''):
            raise ValueError(f'{path} must have {name}, but has none.')
    _check_numbers(path, header)
    unit = header.get('RescaleType') or 'HU'
    if unit != 'HU':
        raise ValueError(f'{path}: RescaleType must be HU, but got {unit}.')


def _check_numbers(path: Path, header: object) -> None:
    """Raise ValueError where a number of a slice cannot be one."""
    for name in ('Rows', 'Columns'):
        side = header.get(name)
        if not isinstance(side, int) or not 0 < side <= MAX_SIDE_PX:
            raise ValueError(
                f'{path}: {name} must be 1 to {MAX_SIDE_PX}, but got {side}.'
            )
    for name, count in _NUMBERS.items():
        try:
            values = np.atleast_1d(np.array(header[name].value, np.float64))
        except (TypeError, ValueError):
            values = np.zeros(0)
        good = values.shape == (count,)
        if not good or not (np.abs(values) <= MAX_NUMBER).all():
            raise ValueError(
                f'{path}: {name} must be {count} finite numbers, but got '
                f'{str(header.get(name))[:80]}.'
            )
    low, high = PIXEL_MM
    if not all(low <= value <= high for value in header.PixelSpacing):
        raise ValueError(
            f'{path}: PixelSpacing must be {low:g} to {high:g} mm, but got '
            f'{header.PixelSpacing}.'
        )
    if not 0.99 < np.linalg.norm(normal(header)) < 1.01:
        raise ValueError(
            f'{path}: ImageOrientationPatient must be two directions at a '
            f'right angle, but got {header.ImageOrientationPatient}.'
        )


def position(header: object) -> np.ndarray:
    """Centre of the first pixel in the patient (LPS, mm), (3,)."""
    return np.array(header.ImagePositionPatient, dtype=np.float64)


def normal(header: object) -> np.ndarray:
    """Direction across the slice, (3,)."""
    orientation = np.array(header.ImageOrientationPatient, dtype=np.float64)
    return np.cross(orientation[:3], orientation[3:])


def degrees(a: np.ndarray, b: np.ndarray) -> float:
    """Angle between two directions."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
