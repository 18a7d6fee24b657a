"""Fusion of detections from several views of one image."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.functional.fusion.fusing import mean_boxes
from mmuldor.functional.fusion.groups import one_of_each
from mmuldor.functional.fusion.pool import Pool


def group_views(
    boxes: ArrayLike,
    scores: ArrayLike,
    views: ArrayLike,
    *,
    iou_thr: float = 0.5,
) -> list[Ints]:
    """Group the detections of different views that show the same object.

    See :func:`mmuldor.functional.fusion.groups.one_of_each`.

    Args:
        boxes: `x1 y1 x2 y2` of all views in one frame, px, (n, 4).
        scores: (n,), 0 or more; equal scores keep their order.
        views: Number of each detection's view, (n,).
        iou_thr: Minimum IoU of a group's first box with its others.

    Returns:
        Row numbers of each group, (g,) int64, the highest score first. Each
        row is in exactly one group.

    Raises:
        ValueError: If shapes differ or an argument is out of range.
    """
    count = len(np.asarray(scores))
    pool = Pool.of(boxes, scores, views, np.zeros(count, dtype=np.int64))
    leaders = one_of_each(pool, iou_thr)
    order = np.argsort(-pool.scores, kind='stable')
    groups: dict[int, list[int]] = {}
    for row in order.tolist():
        groups.setdefault(int(leaders[row]), []).append(row)
    return [np.array(rows) for rows in groups.values()]


def fuse_group(
    boxes: Floats, scores: Floats, num_views: int
) -> tuple[Floats, float]:
    """Fuse a group of detections into one box and one score.

    The box is the mean of the boxes weighted by score. The score is the mean
    over all views, 0 for views without a detection (weighted boxes fusion,
    Solovyev et al., Image and Vision Computing 2021, with its factor T / N).

    Args:
        boxes: Boxes of the group, (n, 4), n at most ``num_views``.
        scores: Scores of the group, (n,).
        num_views: Number of all views.

    Returns:
        Box (4,) float64 in the frame of ``boxes``, and score.
    """
    group = np.zeros(len(boxes), dtype=np.int64)
    return mean_boxes(boxes, scores, group, 1)[0], scores.sum() / num_views
