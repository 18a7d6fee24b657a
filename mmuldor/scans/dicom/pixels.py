"""Pixels of DICOM slices in HU."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmuldor.functional.arrays import Floats, Numbers
from mmuldor.io.limits import MAX_VOXELS
from mmuldor.scans.dicom.compressed import add_plugin, check_compressed
from mmuldor.scans.dicom.encoding import dicom_part, read_dicom_file
from mmuldor.scans.dicom.headers import DicomFile

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset

# Scanners store up to 3071 HU without extended scales.
_SCANNER_HU, _AIR_HU = 3071, -1024


class SliceReader:
    """Reads slices in any order; a file is decoded once for all its frames."""

    def __init__(self) -> None:
        # Frames by number that were decoded, but not requested yet.
        self._decoded: dict[Path, dict[int, Numbers]] = {}

    def read(self, file: DicomFile) -> NDArray[np.int16]:
        """HU of one slice, (rows, columns) int16.

        Raises:
            ValueError: If the pixels cannot be read, or cannot be HU.
        """
        return _to_hu(self._stored(file), file)

    def _stored(self, file: DicomFile) -> Numbers:
        """Values as stored in the file, (rows, columns)."""
        number = file.frame or 1
        if number not in self._decoded.get(file.path, {}):
            frames = enumerate(_decode(file.path), start=1)
            self._decoded[file.path] = dict(frames)
        # What is handed out is not kept: a scan lies in memory once.
        stored = self._decoded[file.path].pop(number)
        if not self._decoded[file.path]:
            del self._decoded[file.path]
        return stored


def _decode(path: Path) -> list[Numbers]:
    """The stored values of every frame of a file, (rows, columns) each."""
    try:
        with warnings.catch_warnings(), path.open('rb') as file:
            warnings.simplefilter('ignore')
            data = read_dicom_file(dicom_part(file))
            count = int(data.get('NumberOfFrames') or 1)
            if count * data.Rows * data.Columns > MAX_VOXELS:
                raise ValueError(
                    f'{count} frames of {data.Rows} x {data.Columns} are more '
                    f'than {MAX_VOXELS:,} voxels'
                )
            _complete_syntax(data, count)
            frames = list(_frames(data, count))
    # pydicom and its decoders raise any exception for damaged files.
    except Exception as error:
        reason = ' '.join(str(error).split())[:300] or type(error).__name__
        raise ValueError(
            f'{path}: the pixels must be readable: {reason}'
        ) from error
    for frame in frames:
        if frame.shape != (data.Rows, data.Columns):
            raise ValueError(
                f'{path} must hold {data.Rows} x {data.Columns} pixels, but '
                f'holds {frame.shape}.'
            )
    return frames


def _frames(data: FileDataset, count: int) -> Iterator[Numbers]:
    """The decoded frames in the order of the file."""
    from pydicom.pixels import get_decoder

    syntax, low_bits = data.file_meta.TransferSyntaxUID, 0
    if syntax.is_encapsulated:
        check_compressed(data, count)
    else:
        low_bits = _bits_below(data)
    if low_bits:
        # The values with these bits: pydicom takes them to lie lowest.
        data.BitsStored += low_bits
    decoder = get_decoder(syntax)
    arrays = decoder.iter_array(
        data, raw=True, decoding_plugin=add_plugin(decoder)
    )
    # Some files have more frames than they state.
    for (array, _), _ in zip(arrays, range(count), strict=False):
        if low_bits:
            bits = data.BitsStored - low_bits
            array = _right_justified(array, bits, low_bits)
        yield array


def _bits_below(data: FileDataset) -> int:
    """Number of bits below a stored value, 0 in nearly all files.

    Old scanners put 12 bits into the upper ones of 16, with HighBit 15 (DICOM
    PS3.5, 8.1.1, until 2014).
    """
    # pydicom says what is missing; pixels in floats need none of them.
    stored, allocated, high = (
        data.get(keyword) or 0
        for keyword in ('BitsStored', 'BitsAllocated', 'HighBit')
    )
    return max(high + 1 - stored, 0) if stored and high < allocated else 0


def _right_justified(array: Numbers, bits: int, low_bits: int) -> Numbers:
    """Values of `bits` bits, without the bits below them.

    Other software states a false HighBit. There, the values fit into their
    bits, and the ones below are values, too.
    """
    low, high = int(array.min()), int(array.max())
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if array.dtype.kind == 'u':
        least, most = 0, 2**bits - 1
    has_low = bool((array & (2**low_bits - 1)).any())
    if has_low and least <= low <= high <= most:
        return array
    return array >> low_bits


def _complete_syntax(data: FileDataset, count: int) -> None:
    """State the transfer syntax of a file that does not say it.

    pydicom finds out how elements are encoded, but cannot know whether pixels
    are compressed. They are not if their number of bytes is right.
    """
    from pydicom import uid

    if data.file_meta.get('TransferSyntaxUID'):
        return
    found = len(data.get('PixelData', b''))
    bits = data.Rows * data.Columns * data.BitsAllocated * count
    expected = (bits * data.get('SamplesPerPixel', 1) + 7) // 8
    # An odd number of bytes gets one more.
    if found not in (expected, expected + expected % 2):
        raise ValueError(
            'TransferSyntaxUID is missing, and the pixels have '
            f'{found:,} bytes, not {expected:,} as uncompressed ones have. '
            'Export the file again with its file meta group, or state the '
            'syntax, for example with `dcmodify`'
        )
    implicit, little = data.original_encoding
    data.file_meta.TransferSyntaxUID = (
        uid.ImplicitVRLittleEndian
        if implicit
        else uid.ExplicitVRLittleEndian
        if little
        else uid.ExplicitVRBigEndian
    )


def _to_hu(stored: Numbers, file: DicomFile) -> NDArray[np.int16]:
    header = file.header
    hu = np.rint(_rescaled(stored, header))
    padding = _bright_padding(header)
    if padding is not None:
        hu[stored == padding] = _AIR_HU
    limits = np.iinfo(np.int16)
    # Written so that NaN fails both comparisons.
    if not (hu.min() >= limits.min and hu.max() <= limits.max):
        raise ValueError(
            f'{file.where} must hold Hounsfield units, but its values go from '
            f'{hu.min():g} to {hu.max():g}.{_if_signed(stored, header)}'
        )
    return hu.astype(np.int16)


def _rescaled(stored: Numbers | int, header: Dataset) -> Floats:
    slope, intercept = header.RescaleSlope, header.RescaleIntercept
    return np.asarray(stored * float(slope) + float(intercept))


def padding_notes(files: Sequence[DicomFile]) -> list[str]:
    """A note on padding that is taken as air."""
    found = {
        float(_rescaled(padding, file.header))
        for file in files
        if (padding := _bright_padding(file.header)) is not None
    }
    return [f'padding of {hu:g} HU taken as air' for hu in sorted(found)]


def _bright_padding(header: Dataset) -> int | None:
    """Stored value of the pixels outside the scan, if it is above all tissue.

    Usual padding is air or below, where a detector sees no difference. A
    signed value that is read as an unsigned one (-2000 as 63536) is far above.
    """
    try:
        value = int(header.PixelPaddingValue)
        bits = int(header.BitsAllocated)
        signed = bool(header.PixelRepresentation)
    # pydicom decodes here, and raises any exception for damaged values.
    except Exception:
        return None
    # Software writes either of the two types.
    value %= 2**bits
    if signed and value >= 2 ** (bits - 1):
        value -= 2**bits
    return value if _rescaled(value, header) > _SCANNER_HU else None


def _if_signed(stored: Numbers, header: Dataset) -> str:
    """What to do about values that may be signed."""
    if stored.dtype != np.uint16 or stored.max() < 2**15:
        return ''
    hu = _rescaled(stored.astype(np.int16), header)
    return (
        f' As signed pixels they would go from {hu.min():g} to {hu.max():g}. '
        'If that is right, correct a copy of the files: '
        '`dcmodify -nb -m "(0028,0103)=1" FILE...`'
    )
