"""Headers of the DICOM files of a folder."""

from __future__ import annotations

import os
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from mmuldor.io.limits import MAX_SLICE_BYTES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# CT, enhanced CT and legacy converted enhanced CT image storage.
_CT_IMAGES = tuple(
    f'1.2.840.10008.5.1.4.1.1.2{end}' for end in ('', '.1', '.2')
)
_DEFLATED = '1.2.840.10008.1.2.1.99'
_PREAMBLE_BYTES = 128
# pydicom decodes an element at its first use, and may fail only then.
_ELEMENTS_USED = (
    *('RescaleSlope', 'RescaleIntercept', 'RescaleType', 'ImageType'),
    *('ImagePositionPatient', 'ImageOrientationPatient', 'PixelSpacing'),
    *('Rows', 'Columns', 'SeriesInstanceUID', 'Modality', 'SliceThickness'),
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


def find_images(folder: Path) -> tuple[list[DicomFile], list[str]]:
    """The DICOM images in a folder and its subfolders.

    Returns:
        The files in the order of their paths, and notes on what was left out.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a file is DICOM but cannot be read, or a CT image is
            cut off in its header.
    """
    images, others = [], 0
    for path in sorted(p for p in folder.rglob('*') if p.is_file()):
        header = open_header(path)
        if header is not None and 'Rows' in header:
            images.append(DicomFile(path, header))
        else:
            others += 1
    if not images:
        raise FileNotFoundError(
            f'{folder} must hold DICOM files of a CT series, but none of its '
            f'{others} files is one.'
        )
    notes = [f'{others} files that are no DICOM images'] if others else []
    return images, notes


def open_header(path: Path) -> Dataset | None:
    """Read the header of a DICOM file, which is opened once.

    Returns:
        All elements but the pixels; None if the file is no DICOM file.

    Raises:
        ValueError: If an element cannot be read; names file and element.
    """
    with path.open('rb') as file:
        if file.read(_PREAMBLE_BYTES + 4)[_PREAMBLE_BYTES:] != b'DICM':
            return None
        _check_size(path, os.fstat(file.fileno()).st_size)
        _check_inflated_size(path, file)
        header, sop_class = _read(path, file)
    if 'Rows' not in header and sop_class in _CT_IMAGES:
        raise ValueError(
            f'{path} must be a whole CT image, but its header ends before '
            'Rows. Was it cut off? Copy it again.'
        )
    if 'Rows' in header and not header.get('SeriesInstanceUID'):
        raise ValueError(
            f'{path} must have SeriesInstanceUID, but has none, so its series '
            'is unknown. Move it out of the folder.'
        )
    return header


def _read(path: Path, file: BinaryIO) -> tuple[Dataset, str]:
    """The header, with the used elements decoded, and its SOP class."""
    import pydicom

    file.seek(0)
    keyword = 'the header'
    try:
        with warnings.catch_warnings():
            # pydicom warns of values that are checked here anyway.
            warnings.simplefilter('ignore')
            header = pydicom.dcmread(file, stop_before_pixels=True)
            for keyword in _ELEMENTS_USED:
                header.get(keyword)
            sop_class = header.file_meta.get('MediaStorageSOPClassUID', '')
    # pydicom raises any exception for damaged files.
    except Exception as error:
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ValueError(
            f'{path}: {keyword} must be readable, but: {reason}'
        ) from error
    # A copy, since pydicom's object of a deflated file keeps all its bytes.
    return header[:], str(sop_class)


def _check_size(path: Path, size: int) -> None:
    if size > MAX_SLICE_BYTES:
        raise ValueError(
            f'{path} must be one slice, but has {size:,} bytes, more than '
            f'{MAX_SLICE_BYTES:,}. Convert a file of many frames with '
            'dcm2niix, or move it out of the folder.'
        )


def _check_inflated_size(path: Path, file: BinaryIO) -> None:
    """Raise ValueError if a deflated file inflates to too many bytes."""
    import pydicom

    file.seek(0)
    try:
        pydicom.filereader.read_preamble(file, False)
        # Private: the public one takes a path and opens the file again. Seen
        # with pydicom 3.0.2, for `>=3.0.1,<4`; tests/scans/dicom/
        # test_headers.py fails when it changes.
        meta = pydicom.filereader._read_file_meta_info(file)
        if str(meta.get('TransferSyntaxUID', '')) != _DEFLATED:
            return
        rest = file.read()
        count, unpack = 0, zlib.decompressobj(-zlib.MAX_WBITS)
        # A padding byte may lie behind the end, and stays in the tail.
        while rest and not unpack.eof and count <= MAX_SLICE_BYTES:
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
