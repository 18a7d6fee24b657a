"""Positions and directions of DICOM slices in the patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmuldor.functional.arrays import Floats

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def image_position(header: Dataset) -> Floats:
    """Centre of the first pixel in the patient (LPS, mm), (3,)."""
    return np.array(header.ImagePositionPatient, dtype=np.float64)


def slice_normal(header: Dataset) -> Floats:
    """Normal of the slice in patient coordinates (LPS), (3,) float64.

    Its length is 1 if ImageOrientationPatient is valid.
    """
    along_columns, along_rows = _directions(header)
    return np.cross(along_columns, along_rows).astype(np.float64, copy=False)


def angle_degrees(a: Floats, b: Floats) -> float:
    """Angle between two directions (3,), in degrees."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def slices_affine(header: Dataset, step_mm: Floats) -> Floats:
    """The affine of a series.

    Args:
        header: Header of the first slice.
        step_mm: Vector from a slice to the next in the patient (LPS), (3,).

    Returns:
        (4, 4), maps (column, row, slice) indices to patient coordinates (LPS,
        mm), see DICOM PS3.3, C.7.6.2.1.1.
    """
    row_mm, column_mm = (float(value) for value in header.PixelSpacing)
    along_columns, along_rows = _directions(header)
    affine = np.eye(4)
    affine[:3, 0] = along_columns * column_mm
    affine[:3, 1] = along_rows * row_mm
    affine[:3, 2] = step_mm
    affine[:3, 3] = image_position(header)
    return affine


def _directions(header: Dataset) -> tuple[Floats, Floats]:
    """Directions of increasing columns and of increasing rows, (3,) each."""
    cosines = np.array(header.ImageOrientationPatient, dtype=np.float64)
    return cosines[:3], cosines[3:]
