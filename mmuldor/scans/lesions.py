"""Lesions in 3-D and their detections on slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmuldor.functional.masks import CroppedMask


@dataclass(frozen=True, eq=False)
class SliceDetection:
    """One detection on one slice.

    Attributes:
        slice_index: Slice of the volume, the lowest is 0.
        box_px: ``x1 y1 x2 y2``, pixel centres at integers, (4,).
        score: Lesion probability.
        mask: Largest component of the predicted mask, with holes filled; None
            without a mask branch or if the mask is empty.
        lesion_type: Lesion type; None if the detector has one lesion class.
    """

    slice_index: int
    box_px: np.ndarray
    score: float
    mask: CroppedMask | None
    lesion_type: str | None = None

    @property
    def outline_px(self) -> np.ndarray | None:
        """Outline of the mask, (N, 2) x y in px; None without mask."""
        return None if self.mask is None else self.mask.outlines()[0]

    @property
    def area_px(self) -> int:
        """Number of pixels of the mask, 0 without mask."""
        return 0 if self.mask is None else self.mask.area_px


@dataclass(frozen=True, eq=False)
class Lesion:
    """A lesion in 3-D, measured.

    Attributes:
        score: Score of its highest-scoring detection.
        key_slice: Slice of that detection; the lowest is 0.
        box_mm: Box around all its detections in mm along the volume's
            columns, rows and slices: ``x1 y1 z1 x2 y2 z2``, (6,).
        center_lps_mm: Centre of the box in patient coordinates, (3,).
        long_mm: Long diameter of the mask on the key slice; None without mask.
        short_mm: Short diameter; None without mask.
        recist_px: Ends of the long, then of the short diameter on the key
            slice, (4, 2) x y; None without mask.
        volume_ml: Volume of the masks of its detections; None without masks.
        detections: Its detections, the highest-scoring one first.
        probability: Calibrated `score`; None without calibration.
        lesion_type: Type of the highest-scoring detection; None if the
            detector has one lesion class.
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
