"""A lesion measured: diameters, box and volume in mm and ml."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import check_vector
from mmuldor.functional.boxes import check_boxes
from mmuldor.functional.diameters import recist_of_polygon
from mmuldor.scans.lesions import Lesion, SliceDetection


def measure_lesion(
    detections: Sequence[SliceDetection], affine: np.ndarray
) -> Lesion:
    """Measure a lesion.

    Args:
        detections: Its detections, the surest first, at least one.
        affine: Turns (column, row, slice) indices into patient coordinates
            in mm (LPS), (4, 4).

    Returns:
        The lesion; diameters as RECIST defines them, on the mask of the
        surest detection, in mm, so that pixels need not be square.
    """
    key = detections[0]
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    boxes = np.array([d.box_px for d in detections]) * np.tile(spacing[:2], 2)
    positions = np.array([d.slice_index for d in detections]) * spacing[2]
    box_mm = box_3d_mm(boxes, positions, spacing[2])
    center = (box_mm[:3] + box_mm[3:]) / 2 / spacing
    long_mm = short_mm = recist = None
    if key.outline_px is not None:
        ends = recist_of_polygon(key.outline_px * spacing[:2])
        lengths = np.linalg.norm(ends[1::2] - ends[::2], axis=1)
        long_mm, short_mm = float(lengths.max()), float(lengths.min())
        recist = ends / spacing[:2]
    areas = np.array([d.area_px for d in detections]) * np.prod(spacing[:2])
    return Lesion(
        key.score,
        key.slice_index,
        box_mm,
        affine[:3, :3] @ center + affine[:3, 3],
        long_mm,
        short_mm,
        recist,
        volume_ml(areas, spacing[2]) if areas.any() else None,
        list(detections),
        lesion_type=key.lesion_type,
    )


def box_3d_mm(
    boxes_mm: ArrayLike, positions_mm: ArrayLike, interval_mm: float
) -> np.ndarray:
    """The box around a lesion's detections.

    Args:
        boxes_mm: `x1 y1 x2 y2` of its detections in mm, (n, 4), n >= 1.
        positions_mm: Where their slices lie, (n,).
        interval_mm: Distance of two slices: each reaches half of it to both
            sides.

    Returns:
        `x1 y1 z1 x2 y2 z2` in mm, (6,).
    """
    boxes = check_boxes(boxes_mm, 'boxes_mm')
    positions = check_vector('positions_mm', positions_mm, len(boxes))
    half = interval_mm / 2
    return np.array(
        [
            *boxes[:, :2].min(axis=0), positions.min() - half,
            *boxes[:, 2:].max(axis=0), positions.max() + half,
        ]
    )  # fmt: skip


def volume_ml(areas_mm2: ArrayLike, interval_mm: float) -> float:
    """Volume of a lesion from its masks' areas on slices, in ml.

    The areas times the slice interval (Cavalieri); slices of the lesion
    where nothing was detected count nothing.

    Args:
        areas_mm2: Area of the mask on each slice, (n,).
        interval_mm: Distance of two slices.
    """
    return float(np.sum(areas_mm2) * interval_mm / 1000)
