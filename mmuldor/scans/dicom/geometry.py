"""Where DICOM slices lie in the patient."""

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
    """Direction across the slice, (3,); of length 1 as far as it is valid."""
    along_columns, along_rows = _directions(header)
    return np.cross(along_columns, along_rows).astype(np.float64, copy=False)


def angle_degrees(a: Floats, b: Floats) -> float:
    """Angle between two directions."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def slices_affine(header: Dataset, step_mm: Floats) -> Floats:
    """Where the voxels of a series lie.

    Args:
        header: Of the first slice.
        step_mm: From a slice to the next in the patient (LPS), (3,).

    Returns:
        (4, 4), turns (column, row, slice) indices into patient coordinates
        (LPS, mm), see DICOM PS3.3, C.7.6.2.1.1.
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
    """In which columns and rows count up, (3,) each."""
    cosines = np.array(header.ImageOrientationPatient, dtype=np.float64)
    return cosines[:3], cosines[3:]
