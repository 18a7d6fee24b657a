"""Detections on slices joined to 3-D lesions.

A lesion grows from its highest-scoring detection, slice by slice, up and
down: in the next slice it takes the detection that overlaps its last box most
and is in no lesion yet. So a lesion has one detection a slice at most, and two
lesions that lie side by side stay two, which joining all that overlaps would
not ensure.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import check_vector
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
        scores: (n,); of equal ones the first counts as higher.
        iou_thr: The next box must overlap the last one by at least this.
        max_gap_mm: The largest distance of two slices that follow each other
            in a lesion; slices between them where nothing was detected are
            passed over.

    Returns:
        The lesions, sorted by descending score; each the rows of its
        detections, the highest-scoring first, then those above and those
        below, each in order of distance.

    Raises:
        ValueError: If shapes differ, a value is not finite, or an argument
            is out of range.
    """
    boxes = check_boxes(boxes_mm, 'boxes_mm')
    positions = check_vector('positions_mm', positions_mm, len(boxes))
    scores = check_vector('scores', scores, len(boxes))
    if not 0 < iou_thr <= 1:
        raise ValueError(f'`iou_thr` must lie in (0, 1], but got {iou_thr}.')
    if not max_gap_mm > 0:
        raise ValueError(
            f'`max_gap_mm` must be positive, but got {max_gap_mm}.'
        )
    rows_at = {
        float(position): np.flatnonzero(positions == position)
        for position in np.unique(positions)
    }
    free = np.ones(len(boxes), dtype=bool)
    lesions = []
    for seed in np.argsort(-scores, kind='stable'):
        if not free[seed]:
            continue
        free[seed] = False
        rows = [int(seed)]
        for direction in (1, -1):
            rows += _follow(
                int(seed), direction, boxes, positions, rows_at, free,
                iou_thr, max_gap_mm,
            )  # fmt: skip
        lesions.append(np.array(rows))
    return lesions


def _follow(
    seed: int,
    direction: int,
    boxes: np.ndarray,
    positions: np.ndarray,
    rows_at: dict[float, np.ndarray],
    free: np.ndarray,
    iou_thr: float,
    max_gap_mm: float,
) -> list[int]:
    """Rows that follow a seed in a direction, the nearest first.

    Those are no longer `free` afterwards.
    """
    ahead = sorted(
        p * direction
        for p in rows_at
        if p * direction > positions[seed] * direction
    )
    last, followed = seed, []
    for position in ahead:
        # A hair of slack: positions are sums of slice intervals.
        gap_mm = position - positions[last] * direction
        if gap_mm > max_gap_mm * (1 + 1e-6):
            break
        rows = rows_at[position * direction]
        rows = rows[free[rows]]
        ious = pairwise_iou(boxes[[last]], boxes[rows], inclusive=False)[0]
        if len(rows) and ious.max() >= iou_thr:
            last = int(rows[ious.argmax()])
            free[last] = False
            followed.append(last)
    return followed
