"""Lesions in 3-D, measured from their detections on slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SliceDetection:
    """One detection on one slice.

    Attributes:
        slice_index: Slice of the volume, the lowest is 0.
        box_px: ``x1 y1 x2 y2``, pixel centres at integers, (4,).
        score: Lesion probability.
        outline_px: Outline of the predicted mask's largest piece, (N, 2),
            or None without a mask branch or a mask.
        area_px: Pixels of the mask, 0 without.
        lesion_type: Its type; None from a detector of lesions as one class.
    """

    slice_index: int
    box_px: np.ndarray
    score: float
    outline_px: np.ndarray | None
    area_px: int
    lesion_type: str | None = None


@dataclass(frozen=True, eq=False)
class Lesion:
    """A lesion in 3-D, measured.

    Attributes:
        score: That of its surest detection.
        key_slice: Slice of that detection, the lowest is 0.
        box_mm: Box around all its detections in the volume's own axes,
            columns, rows, slices: ``x1 y1 z1 x2 y2 z2``, (6,).
        center_lps_mm: The box's centre in patient coordinates, (3,).
        long_mm: Long diameter of the mask on the key slice; None without.
        short_mm: Short diameter, likewise.
        recist_px: Their ends on the key slice, (4, 2); None without.
        volume_ml: Volume of the masks; None without.
        detections: Its detections, the surest first.
        probability: Calibrated score of the surest; None without calibration.
        lesion_type: Type of the surest; None where types are no classes.
    """

    score: float
    key_slice: int
    box_mm: np.ndarray
    center_lps_mm: np.ndarray
    long_mm: float | None
    short_mm: float | None
    recist_px: np.ndarray | None
    volume_ml: float | None
    detections: list[SliceDetection]
    probability: float | None = None
    lesion_type: str | None = None
