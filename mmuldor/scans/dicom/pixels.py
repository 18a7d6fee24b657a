"""Pixels of a DICOM slice in HU.

A compressed image has its own size, which decoders use even if it differs from
Rows and Columns. A false size makes them allocate gigabytes or abort the
process. So both sizes must be equal before a decoder is called.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

_RLE = '1.2.840.10008.1.2.5'
# Frame headers (ITU T.81, B.1.1.3; JPEG-LS, T.87, C.2.2), start of a scan.
_SOF = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SOS = 0xDA
# Start and size of a JPEG 2000 codestream (ITU T.800, A.5.1).
_SIZ = re.compile(b'\xff\x4f\xff\x51')
# A compressed image may have twice the bytes of its pixels plus this.
_SPARE_BYTES = 2**20


def read_pixels(path: Path) -> NDArray[np.int16]:
    """HU of one slice, (rows, columns) int16.

    Raises:
        ValueError: If the pixels cannot be read, or cannot be HU.
    """
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            data = pydicom.dcmread(path)
            if data.file_meta.TransferSyntaxUID.is_encapsulated:
                _check_compressed(data)
            pixels = data.pixel_array
    # pydicom and its decoders raise any exception for damaged files.
    except Exception as error:
        reason = ' '.join(str(error).split())[:300] or type(error).__name__
        raise ValueError(
            f'{path}: the pixels must be readable: {reason}'
        ) from error
    if pixels.shape != (data.Rows, data.Columns):
        raise ValueError(
            f'{path} must hold {data.Rows} x {data.Columns} pixels, but '
            f'holds {pixels.shape}.'
        )
    slope, intercept = float(data.RescaleSlope), float(data.RescaleIntercept)
    hu = np.rint(pixels * slope + intercept)
    limits = np.iinfo(np.int16)
    # Written so that NaN fails both comparisons.
    if not (hu.min() >= limits.min and hu.max() <= limits.max):
        raise ValueError(
            f'{path} must hold Hounsfield units, but its values go from '
            f'{hu.min():g} to {hu.max():g}.'
        )
    return hu.astype(np.int16)


def _check_compressed(data: FileDataset) -> None:
    """Raise ValueError if a compressed image has a wrong size."""
    from pydicom.encaps import get_frame

    stream = get_frame(data.PixelData, 0, number_of_frames=1)
    shape = (data.Rows, data.Columns)
    plain = data.Rows * data.Columns * data.BitsAllocated // 8
    if len(stream) > 2 * plain + _SPARE_BYTES:
        raise ValueError(
            f'{len(stream):,} bytes are too many for {shape[0]} x {shape[1]} '
            'pixels'
        )
    if data.file_meta.TransferSyntaxUID == _RLE:
        return
    sizes = set(_stated_sizes(stream))
    if sizes != {(*shape, 1)}:
        found = ', '.join(f'{h} x {w} x {n}' for h, w, n in sorted(sizes))
        raise ValueError(
            f'the compressed image must state {shape[0]} x {shape[1]} x 1 '
            f'values, but states {found or "no size"}'
        )


def _stated_sizes(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Rows, columns and components that a compressed image states."""
    if stream.startswith(b'\xff\xd8'):
        yield from _jpeg_sizes(stream)
        return
    for match in _SIZ.finditer(stream):
        # Length, capabilities, then right, bottom, left and top.
        _, _, *sides, components = struct.unpack_from(
            '>HHIIII16xH', stream, match.end()
        )
        right, bottom, left, top = sides
        yield bottom - top, right - left, components


def _jpeg_sizes(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Rows, columns, components of each frame header before the first scan."""
    place = 2
    while place + 4 <= len(stream):
        marker = stream[place + 1]
        if stream[place] != 0xFF or marker == _SOS:
            return
        # A marker may be preceded by any number of 0xFF bytes.
        if marker == 0xFF:
            place += 1
            continue
        if marker in _SOF:
            yield struct.unpack_from('>HHB', stream, place + 5)
        (length,) = struct.unpack_from('>H', stream, place + 2)
        place += 2 + length
