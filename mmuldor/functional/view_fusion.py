"""Fuse what a detector finds in several views of one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, Ints, check_scores
from mmuldor.functional.boxes import check_boxes, pairwise_iou
from mmuldor.functional.matching import check_iou_thr


def group_views(
    boxes: ArrayLike,
    scores: ArrayLike,
    views: ArrayLike,
    *,
    iou_thr: float = 0.5,
) -> list[Ints]:
    """Which detections of different views are one.

    In the order of descending scores, each detection that is still free takes
    from every other view the free detection of the highest IoU.

    Args:
        boxes: `x1 y1 x2 y2` of all views in one frame, (n, 4).
        scores: (n,); of equal ones the first comes first.
        views: Number of each one's view, (n,).
        iou_thr: Boxes of one detection overlap by at least this.

    Returns:
        Rows of each group, the highest score first; none twice.

    Raises:
        ValueError: If shapes differ or an argument is out of range.
    """
    check_iou_thr(iou_thr)
    boxes = check_boxes(boxes)
    scores = check_scores(scores, len(boxes), 'scores')
    views = np.asarray(views)
    overlaps = pairwise_iou(boxes, boxes, inclusive=False)
    free = np.ones(len(boxes), dtype=bool)
    groups = []
    for seed in np.argsort(-scores, kind='stable'):
        if not free[seed]:
            continue
        rows = [seed]
        for view in np.unique(views[views != views[seed]]):
            others = np.flatnonzero(free & (views == view))
            near = others[overlaps[seed, others] >= iou_thr]
            if len(near):
                rows.append(near[overlaps[seed, near].argmax()])
        free[rows] = False
        groups.append(np.array(rows))
    return groups


def fuse_group(
    boxes: Floats, scores: Floats, num_views: int
) -> tuple[Floats, float]:
    """One box and one score of a group.

    The box is the mean weighted by score, the score the mean over all views,
    0 where a view found nothing (weighted boxes fusion, Solovyev et al.,
    Image and Vision Computing 2021, with its factor T / N).

    Args:
        boxes: Of the group, (n, 4), n at most ``num_views``.
        scores: (n,), not all 0.
        num_views: Views that were looked at.
    """
    box = (boxes * scores[:, None]).sum(axis=0) / scores.sum()
    return box, float(scores.sum() / num_views)
