"""Detections on slices joined to 3-D lesions.

A lesion grows from its surest detection, slice by slice, up and down: in the
next slice it takes the free detection that overlaps its last box most. So a
lesion has one detection a slice at most, and two lesions that lie side by
side stay two, which joining all that overlaps would not ensure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.boxes import check_boxes, pairwise_iou


def join_slices(
    boxes_mm: ArrayLike,
    positions_mm: ArrayLike,
    scores: ArrayLike,
    *,
    iou_thr: float = 0.3,
    max_gap_mm: float = 5.0,
) -> list[np.ndarray]:
    """Join the detections of a volume's slices.

    Args:
        boxes_mm: `x1 y1 x2 y2` in the slices' plane in mm, (n, 4).
        positions_mm: Where each one's slice lies along the normal of the
            slices in mm, (n,); equal for detections of one slice.
        scores: (n,); of equal ones the first counts as surer.
        iou_thr: The next box must overlap the last one by at least this.
        max_gap_mm: The largest distance of two slices that follow each other
            in a lesion; slices between them where nothing was detected are
            passed over.

    Returns:
        The lesions, the surest first; each the rows of its detections, its
        own surest first, then those above and below in order of distance.

    Raises:
        ValueError: If shapes differ, a value is not finite, or an argument
            is out of range.
    """
    boxes = check_boxes(boxes_mm, 'boxes_mm')
    positions = _vector('positions_mm', positions_mm, len(boxes))
    scores = _vector('scores', scores, len(boxes))
    if not 0 < iou_thr <= 1:
        raise ValueError(f'`iou_thr` must lie in (0, 1], but got {iou_thr}.')
    if not max_gap_mm > 0:
        raise ValueError(
            f'`max_gap_mm` must be positive, but got {max_gap_mm}.'
        )
    slices = {
        float(position): np.flatnonzero(positions == position)
        for position in np.unique(positions)
    }
    free = np.ones(len(boxes), dtype=bool)
    lesions = []
    for seed in np.argsort(-scores, kind='stable'):
        if not free[seed]:
            continue
        free[seed] = False
        found = [int(seed)]
        for side in (1, -1):
            found += _follow(
                int(seed), side, boxes, positions, slices, free,
                iou_thr, max_gap_mm,
            )  # fmt: skip
        lesions.append(np.array(found))
    return lesions


def _follow(
    seed: int,
    side: int,
    boxes: np.ndarray,
    positions: np.ndarray,
    slices: dict[float, np.ndarray],
    free: np.ndarray,
    iou_thr: float,
    max_gap_mm: float,
) -> list[int]:
    """Rows taken to one side of a seed, the nearest first; marks them."""
    ahead = sorted(
        p * side for p in slices if p * side > positions[seed] * side
    )
    last, found = seed, []
    for position in ahead:
        # A hair of slack: positions are sums of slice intervals.
        if position - positions[last] * side > max_gap_mm * (1 + 1e-6):
            break
        rows = slices[position * side]
        rows = rows[free[rows]]
        overlaps = pairwise_iou(boxes[[last]], boxes[rows], inclusive=False)[0]
        if len(rows) and overlaps.max() >= iou_thr:
            last = int(rows[overlaps.argmax()])
            free[last] = False
            found.append(last)
    return found


def _vector(name: str, values: ArrayLike, length: int) -> np.ndarray:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all():
        raise ValueError(
            f'`{name}` must be {length} finite numbers, one a box, but got '
            f'shape {array.shape}.'
        )
    return array


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
    positions = _vector('positions_mm', positions_mm, len(boxes))
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
