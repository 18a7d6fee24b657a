"""Fusion of detections from several views of one image."""

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
    """Group the detections of different views that show the same object.

    Detections are processed by descending score. Each detection that is in no
    group yet starts one. From every other view it adds the ungrouped
    detection of the highest IoU.

    Args:
        boxes: `x1 y1 x2 y2` of all views in one frame, px, (n, 4).
        scores: (n,); equal scores keep their order.
        views: Number of each detection's view, (n,).
        iou_thr: Minimum IoU of a group's first box with its others.

    Returns:
        Row numbers of each group, (g,) int64, the highest score first. Each
        row is in exactly one group.

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
    """Fuse a group of detections into one box and one score.

    The box is the mean of the boxes weighted by score. The score is the mean
    over all views, 0 for views without a detection (weighted boxes fusion,
    Solovyev et al., Image and Vision Computing 2021, with its factor T / N).

    Args:
        boxes: Boxes of the group, (n, 4), n at most ``num_views``.
        scores: Scores of the group, (n,), not all 0.
        num_views: Number of all views.

    Returns:
        Box (4,) float64 in the frame of ``boxes``, and score.
    """
    box = (boxes * scores[:, None]).sum(axis=0) / scores.sum()
    return box, float(scores.sum() / num_views)
