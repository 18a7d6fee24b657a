"""The header of a DICOM file."""

from __future__ import annotations

import os
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mmuldor.io.limits import MAX_HEADER_BYTES, MAX_SLICE_BYTES, MAX_VOXELS
from mmuldor.scans.dicom.encoding import (
    START_BYTES,
    HeaderLimitError,
    checked_items,
    dicom_part,
    has_preamble,
    limited,
    read_dicom_file,
    starts_dicom,
    stated_uids,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# CT, enhanced CT and legacy converted enhanced CT image storage.
CT_IMAGES = tuple(
    f'1.2.840.10008.5.1.4.1.1.2{end}' for end in ('', '.1', '.2')
)
_DEFLATED = '1.2.840.10008.1.2.1.99'
# Of a file that cannot be read, as much is searched for its series.
_HEAD_BYTES = 2**18
# pydicom decodes an element at its first use, and may fail only then.
_ELEMENTS_USED = (
    *('RescaleSlope', 'RescaleIntercept', 'RescaleType', 'ImageType'),
    *('ImagePositionPatient', 'ImageOrientationPatient', 'PixelSpacing'),
    *('Rows', 'Columns', 'SeriesInstanceUID', 'Modality'),
    *('SeriesDescription', 'NumberOfFrames', 'SamplesPerPixel'),
    *('StudyInstanceUID', 'SOPClassUID', 'SOPInstanceUID'),
    *('FrameOfReferenceUID', 'PhotometricInterpretation'),
)


class DicomFile(NamedTuple):
    """A DICOM file with an image, or one frame of it.

    Attributes:
        path: Path of the file.
        header: All elements but the pixels. Of a frame: those that a file of
            this slice alone would have.
        frame: Number of the frame, from 1; None for a file of one slice.
    """

    path: Path
    header: Dataset
    frame: int | None = None

    @property
    def where(self) -> str:
        """The file, and which frame of it, for messages."""
        frame = '' if self.frame is None else f', frame {self.frame}'
        return f'{self.path}{frame}'


class NoVolumeError(ValueError):
    """Images that are not damaged, but no volume: scouts, a single slice."""


class BrokenHeaderError(ValueError):
    """The header of a DICOM file cannot be read.

    Args:
        message: What is wrong; names file and element.
        sop_class: SOP class UID that the file states, '' if unknown.
        series_uids: Every SeriesInstanceUID in its header: its own and those
            of series that it refers to.
    """

    def __init__(
        self, message: str, sop_class: str, series_uids: set[str]
    ) -> None:
        super().__init__(message)
        self.is_ct = sop_class in CT_IMAGES
        # Other objects name the series that they refer to.
        known_other = sop_class not in ('', *CT_IMAGES)
        self._series_uids = set() if known_other else series_uids

    def may_be_slice_of(self, series_uid: str, *, chosen: bool) -> bool:
        """Whether the file may be a slice of a series.

        Args:
            series_uid: SeriesInstanceUID.
            chosen: The user chose this series: a CT image that does not say
                its series is not taken for one of it.
        """
        if self._series_uids:
            return series_uid in self._series_uids
        return self.is_ct and not chosen


def open_header(path: Path) -> Dataset | None:
    """Read the header of a DICOM file, which is opened once.

    Returns:
        All elements but the pixels; None if the file is no DICOM file.

    Raises:
        BrokenHeaderError: If an element cannot be read, or the image is of
            no series; names file and element.
    """
    with path.open('rb') as file:
        start = file.read(START_BYTES)
        if not starts_dicom(start):
            return None
        try:
            with warnings.catch_warnings():
                # pydicom warns of values that are checked here anyway.
                warnings.simplefilter('ignore')
                size = os.fstat(file.fileno()).st_size
                header = _read_header(path, dicom_part(file), size)
        except ValueError as error:
            file.seek(0)
            uids = stated_uids(file.read(_HEAD_BYTES))
            raise BrokenHeaderError(str(error), *uids) from error
    known = ('SOPClassUID', 'SeriesInstanceUID', 'Rows')
    if not has_preamble(start) and not any(k in header for k in known):
        return None
    return header


def _read_header(path: Path, file: BinaryIO, size: int) -> Dataset:
    """Header of an open file; ValueError if it is no image of a series."""
    _check_inflated_size(path, file, size)
    header, sop_class = _read(path, file, size)
    if 'Rows' not in header and sop_class in CT_IMAGES:
        raise ValueError(
            f'{path} must be a whole CT image, but its header ends before '
            'Rows. Was it cut off? Copy it again.'
        )
    if 'Rows' in header and not header.get('SeriesInstanceUID'):
        raise ValueError(
            f'{path} must have SeriesInstanceUID, but has none, so its series '
            'is unknown. Move it out of the folder; or if all slices lack it, '
            'add one to copies of them: `dcmodify -nb -i '
            '"(0020,000e)=2.25.1" FILE...`'
        )
    if 'Rows' in header:
        _check_size(path, header, size)
    return header


def _read(path: Path, file: BinaryIO, size: int) -> tuple[Dataset, str]:
    """The header, with the used elements decoded, and its SOP class."""
    keyword = 'the header'
    try:
        header = read_dicom_file(limited(file, size), stop_before_pixels=True)
        for keyword in _ELEMENTS_USED:
            header.get(keyword)
        keyword = 'the header'
        sop_class = header.file_meta.get('MediaStorageSOPClassUID')
        sop_class = header.get('SOPClassUID') or sop_class or ''
        # pydicom's object of a deflated file keeps all its bytes.
        copy = header[:]
    # pydicom raises any exception for damaged files.
    except Exception as error:
        # It replaces errors of reading an item by one of its own.
        limit = error.__context__
        first = limit if isinstance(limit, HeaderLimitError) else error
        reason = ' '.join(str(first).split()) or type(error).__name__
        raise ValueError(
            f'{path}: {keyword} must be readable, but: {reason}'
        ) from error
    return copy, str(sop_class)


def _check_size(path: Path, header: Dataset, size: int) -> None:
    """Raise ValueError if an image has more bytes than its pixels explain."""
    if size <= MAX_SLICE_BYTES:
        return
    try:
        frames = int(header.get('NumberOfFrames') or 1)
        voxels = frames * int(header.Rows) * int(header.get('Columns', 0))
    except (TypeError, ValueError):
        frames = voxels = 1
    if frames == 1:
        raise ValueError(
            f'{path} must be one slice, but has {size:,} bytes, more than '
            f'{MAX_SLICE_BYTES:,}. Move it out of the folder.'
        )
    # Two bytes a voxel, or four in rare files.
    limit = min(4 * voxels, 2 * MAX_VOXELS) + MAX_HEADER_BYTES
    if size > limit:
        raise ValueError(
            f'{path} must have at most {limit:,} bytes for {frames:,} frames '
            f'of {header.Rows} x {header.get("Columns")} pixels, but has '
            f'{size:,}, more than {MAX_VOXELS:,} voxels need. Move it out of '
            'the folder.'
        )


def _check_inflated_size(path: Path, file: BinaryIO, size: int) -> None:
    """Raise ValueError if a deflated file inflates to too many bytes."""
    import pydicom

    file.seek(0)
    try:
        pydicom.filereader.read_preamble(file, True)
        # Private: the public one takes a path and opens the file again. Seen
        # with pydicom 3.0.2, for `>=3.0.1,<4`; tests/scans/dicom/
        # test_headers.py fails when it changes.
        meta = pydicom.filereader._read_file_meta_info(limited(file, size))
        if str(meta.get('TransferSyntaxUID', '')) != _DEFLATED:
            return
        rest = file.read(MAX_SLICE_BYTES + 1)
        # Compressed bytes are fewer, unless they are too many already.
        count = len(rest) if len(rest) > MAX_SLICE_BYTES else 0
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        items = 0
        # A padding byte may lie behind the end, and stays in the tail.
        while rest and not unpack.eof and count <= MAX_SLICE_BYTES:
            part = unpack.decompress(rest, 2**20)
            count, items = count + len(part), checked_items(part, items)
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
