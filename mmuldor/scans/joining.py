"""Join detections on slices to 3-D lesions.

A lesion starts from its highest-scoring detection and continues slice by slice
in both directions. In the next slice it takes the detection of the highest IoU
with its last box, among those that are in no lesion yet. So a lesion has at
most one detection a slice, and adjacent lesions stay separate. Joining all
overlapping detections would merge them.
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
    """Join the detections of a volume's slices to lesions.

    Args:
        boxes_mm: `x1 y1 x2 y2` in the slices' plane in mm, (n, 4).
        positions_mm: Position of each detection's slice along the normal of
            the slices in mm, (n,); equal for detections of one slice.
        scores: (n,); of equal scores the first row ranks higher.
        iou_thr: Minimum IoU of the next box with the last one.
        max_gap_mm: Maximum distance of two successive slices of a lesion;
            slices without a detection may lie between them.

    Returns:
        The rows of each lesion's detections, lesions sorted by descending
        score. In a lesion: the highest-scoring detection, then those in
        positive and those in negative direction, each by distance.

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
    """Rows that continue a lesion in a direction, sorted by distance.

    They are marked as no longer `free`.
    """
    ahead = sorted(
        p * direction
        for p in rows_at
        if p * direction > positions[seed] * direction
    )
    last, followed = seed, []
    for position in ahead:
        # 1e-6 allows for rounding: positions are sums of slice intervals.
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
