"""Where slices of a volume come from: UIDs and numbers of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_UIDS = {
    'study_uid': 'StudyInstanceUID',
    'series_uid': 'SeriesInstanceUID',
    'frame_of_reference_uid': 'FrameOfReferenceUID',
}
# Maximum distance of a source slice from the slice of the volume, in slices.
_SAME_SLICE = 0.25


def series_uids(volume: Volume) -> dict[str, str | None]:
    """UIDs of study, series and frame of reference; None if unknown."""
    header = next((h for h in volume.dicom_headers if h is not None), None)
    return {
        key: None if header is None else _text(header, keyword)
        for key, keyword in _UIDS.items()
    }


def slice_source(volume: Volume, index: int) -> dict[str, Any] | None:
    """What a slice is called in its source.

    Args:
        volume: The scan.
        index: Slice of the volume, the lowest is 0.

    Returns:
        Of a folder of PNG slices ``png_number``. Of a DICOM series
        ``instance_number`` (None if unknown), ``sop_instance_uid`` and
        ``frame_number`` (from 1; None for a file of one slice). None for
        slices that were interpolated, other sources, and series that are not
        axial, whose slices are not those of the volume.
    """
    if volume.png_numbers:
        number = volume.png_numbers[index]
        return None if number is None else {'png_number': int(number)}
    if len(volume.dicom_headers) != len(volume.hu):
        return None
    header = volume.dicom_headers[index]
    if header is None or not _lies_on_slice(header, volume, index):
        return None
    return {
        'instance_number': _number(header, 'InstanceNumber'),
        'sop_instance_uid': _text(header, 'SOPInstanceUID'),
        # Readers of frames put it there.
        'frame_number': _number(header, 'ReferencedFrameNumber'),
    }


def _lies_on_slice(header: Dataset, volume: Volume, index: int) -> bool:
    """Whether two opposite corners of a source slice lie on a slice."""
    first = np.array(header.ImagePositionPatient, dtype=np.float64)
    along = np.array(header.ImageOrientationPatient, dtype=np.float64)
    rows_mm, columns_mm = map(float, header.PixelSpacing)
    last = (
        first
        + along[:3] * columns_mm * (int(header.Columns) - 1)
        + along[3:] * rows_mm * (int(header.Rows) - 1)
    )
    places = np.linalg.solve(
        volume.affine[:3, :3],
        (np.stack([first, last]) - volume.affine[:3, 3]).T,
    )
    return bool((np.abs(places[2] - index) <= _SAME_SLICE).all())


def _text(header: Dataset, keyword: str) -> str | None:
    return str(header.get(keyword) or '') or None


def _number(header: Dataset, keyword: str) -> int | None:
    # pydicom decodes elements now, and fails for numbers like '1A'.
    try:
        return int(header.get(keyword))
    except Exception:
        return None
