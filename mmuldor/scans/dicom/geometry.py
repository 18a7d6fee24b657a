"""Positions and directions of DICOM slices in the patient."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from mmuldor.functional.arrays import Floats

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Cosines whose lengths and angle are off by more than this were rounded.
_EXACT = 1e-5
# A smaller gantry tilt does not matter: over 300 mm it is 2.6 mm.
_SHOWN_DEGREES = 0.5
# A decimal string has 16 characters, and a float 17 digits.
_MAX_DECIMALS = 20
# Cosines have at least one decimal; fewer say nothing of a direction.
_COARSEST_COSINE = 0.05


def image_position(header: Dataset) -> Floats:
    """Centre of the first pixel in the patient (LPS, mm), (3,)."""
    return np.array(header.ImagePositionPatient, dtype=np.float64)


def slice_directions(header: Dataset) -> Floats:
    """Directions of increasing columns and of increasing rows, (2, 3).

    The two unit vectors at a right angle that are nearest to the cosines of
    ImageOrientationPatient, which may have been written with few decimals.
    """
    return _right_angled(_cosines(header))


def slice_normal(header: Dataset) -> Floats:
    """Normal of the slice in patient coordinates (LPS), (3,), length 1."""
    normal: Floats = np.cross(*slice_directions(header))
    return normal


def directions_are_valid(header: Dataset) -> bool:
    """Whether both are of length 1 and at a right angle, when rounded so."""
    cosines = _cosines(header)
    half = _cosine_rounding(header)
    shortest = np.maximum(np.abs(cosines) - half, 0)
    longest = np.abs(cosines) + half
    tolerated = half * longest.sum() + 0.01
    return bool(
        (np.linalg.norm(shortest, axis=1) < 1.01).all()
        and (np.linalg.norm(longest, axis=1) > 0.99).all()
        and abs(cosines[0] @ cosines[1]) < tolerated
    )


def direction_rounding(header: Dataset) -> float:
    """How far rounding may have turned the directions, in degrees.

    It is 0 where the cosines are those of a right angle as they are written.
    """
    cosines = _cosines(header)
    if _off_right_angles(cosines) < _EXACT:
        return 0.0
    # The longest error vector of three cosines.
    return float(np.degrees(np.sqrt(3) * _cosine_rounding(header)))


def _cosine_rounding(header: Dataset) -> float:
    half = rounding(header.ImageOrientationPatient).min()
    return min(float(half), _COARSEST_COSINE)


def rounding(values: Iterable[Any]) -> Floats:
    """Half a unit of the last decimal with which each value is written.

    Args:
        values: Of an element of VR DS: '0.6' gives 0.05, '250' gives 0.5.
    """
    exponents = [
        int(Decimal(str(value).strip()).as_tuple().exponent)
        for value in values
    ]
    # Of damaged values like 0E999; no power of 10 is out of range then.
    return 0.5 * 10.0 ** np.clip(exponents, -_MAX_DECIMALS, _MAX_DECIMALS)


def angle_degrees(a: Floats, b: Floats) -> float:
    """Angle between two directions (3,), in degrees."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def series_affine(headers: Sequence[Dataset | None]) -> Floats:
    """The affine of equally spaced slices on a straight line.

    Positions are those of the line with the smallest squares; spacing and
    directions are those of the slice that writes them with most decimals.

    Args:
        headers: Header of each slice in spatial order, None for missing ones;
            at least two.

    Returns:
        (4, 4), maps (column, row, slice) indices to patient coordinates (LPS,
        mm), see DICOM PS3.3, C.7.6.2.1.1. Its axes are not at right angles if
        the gantry was tilted.
    """
    present = [header for header in headers if header is not None]
    indices = [k for k, header in enumerate(headers) if header is not None]
    positions = np.array([image_position(header) for header in present])
    # Far below what is written; 2.5 mm stay 2.5 mm.
    step_mm, first_mm = np.polyfit(indices, positions, 1).round(9)
    spacing = finest(present, 'PixelSpacing')
    row_mm, column_mm = (float(value) for value in spacing.PixelSpacing)
    oriented = finest(present, 'ImageOrientationPatient')
    along_columns, along_rows = _directions_across(oriented, step_mm)
    affine = np.eye(4)
    affine[:3, 0] = along_columns * column_mm
    affine[:3, 1] = along_rows * row_mm
    affine[:3, 2] = step_mm
    affine[:3, 3] = first_mm
    return affine


def unused_tilt_notes(headers: Sequence[Dataset]) -> list[str]:
    """A note on a gantry tilt that positions and directions do not show.

    Old scanners state it in GantryDetectorTilt alone. Of a series that was
    resampled since then, the element is a remnant.
    """
    # pydicom decodes here, and raises any exception for damaged values.
    try:
        tilt = abs(float(headers[0].get('GantryDetectorTilt') or 0))
    except Exception:
        return []
    step_mm = image_position(headers[-1]) - image_position(headers[0])
    normal = slice_normal(headers[0])
    # Either way along the step and the table.
    shown = max(
        min(angle_degrees(normal, axis), angle_degrees(-normal, axis))
        for axis in (step_mm, np.array([0.0, 0.0, 1.0]))
    )
    if not _SHOWN_DEGREES < tilt < 90 or shown > _SHOWN_DEGREES:
        return []
    return [
        f'GantryDetectorTilt is {tilt:g} degrees, but slices lie straight: if '
        'that was not corrected before, places and volumes are wrong'
    ]


def finest(headers: Sequence[Dataset], keyword: str) -> Dataset:
    """The first header that writes an element with the most decimals."""
    return min(
        headers, key=lambda header: rounding(header[keyword].value).min()
    )


def _directions_across(header: Dataset, step_mm: Floats) -> Floats:
    """Directions of a slice, (2, 3), at a right angle to a step if possible.

    If no more than the rounding of the cosines lies between the normal of the
    slice and the step from slice to slice, the step is more exact.
    """
    directions = slice_directions(header)
    normal = np.cross(*directions)
    towards = step_mm * np.sign(normal @ step_mm)
    if angle_degrees(normal, towards) > direction_rounding(header):
        return directions
    unit = step_mm / np.linalg.norm(step_mm)
    return _right_angled(directions - np.outer(directions @ unit, unit))


def _right_angled(directions: Floats) -> Floats:
    """The nearest two unit vectors at a right angle, (2, 3)."""
    if _off_right_angles(directions) < _EXACT:
        return directions
    # The orthogonal factor of the polar decomposition.
    left, _, right = np.linalg.svd(directions, full_matrices=False)
    return np.asarray(left @ right)


def _off_right_angles(directions: Floats) -> float:
    """Maximum error of the two lengths (squared) and of the right angle."""
    return float(np.abs(directions @ directions.T - np.eye(2)).max())


def _cosines(header: Dataset) -> Floats:
    cosines = np.array(header.ImageOrientationPatient, dtype=np.float64)
    return cosines.reshape(2, 3)
