"""Series that are CT volumes, but not for the detector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmuldor.scans.dicom.geometry import slice_normal

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Cosine of 45 degrees: gantries tilt by at most 30.
_MIN_COSINE = 0.7071


class OtherSeriesError(ValueError):
    """A series is left alone, since it is of another kind."""


def check_kind(headers: Sequence[Dataset | None], series_uid: str) -> None:
    """Raise unless slices are the axial ones of a series.

    Args:
        headers: Of the slices; None for those that were filled in.
        series_uid: SeriesInstanceUID that the server was asked for.

    Raises:
        OtherSeriesError: If they are sagittal, coronal or oblique.
        ValueError: If they are of another series.
    """
    header = next(header for header in headers if header is not None)
    stated = str(header.SeriesInstanceUID)
    if stated != series_uid:
        raise ValueError(
            f'the files must be of the series {series_uid}, but say '
            f'{stated[:64]}.'
        )
    cosine = abs(float(slice_normal(header)[2]))
    if cosine < _MIN_COSINE:
        raise OtherSeriesError(
            'the slices must be axial, but their normal has a cosine of '
            f'{cosine:.2f} with the axis of the patient.'
        )
