"""Pixels of DICOM slices in HU."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmuldor.functional.arrays import Numbers
from mmuldor.io.limits import MAX_VOXELS
from mmuldor.scans.dicom.compressed import add_plugin, check_compressed
from mmuldor.scans.dicom.encoding import dicom_part, read_dicom_file
from mmuldor.scans.dicom.headers import DicomFile

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset


class SliceReader:
    """Reads slices in any order; a file is decoded once for all its frames."""

    def __init__(self) -> None:
        # Frames by number that were decoded, but not asked for yet.
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

    syntax = data.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        check_compressed(data, count)
    decoder = get_decoder(syntax)
    arrays = decoder.iter_array(
        data, raw=True, decoding_plugin=add_plugin(decoder)
    )
    # Some files have more frames than they state.
    for (array, _), _ in zip(arrays, range(count), strict=False):
        yield array


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
    slope, intercept = map(
        float, (header.RescaleSlope, header.RescaleIntercept)
    )
    hu = np.rint(stored * slope + intercept)
    limits = np.iinfo(np.int16)
    # Written so that NaN fails both comparisons.
    if not (hu.min() >= limits.min and hu.max() <= limits.max):
        raise ValueError(
            f'{file.where} must hold Hounsfield units, but its values go from '
            f'{hu.min():g} to {hu.max():g}.'
        )
    return hu.astype(np.int16)
