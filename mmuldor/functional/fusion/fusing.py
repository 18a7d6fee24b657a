"""Boxes and scores of fused detections.

Methods, w the weights of the detectors and s the scores:

- ``wbf-one``: at most one detection of each detector a group; the box is the
  mean weighted by w s, the score the sum of w s over the sum of all w, so
  that a detector without a detection counts as 0.
- ``wbf``: weighted box fusion as in the paper (Solovyev, Wang and Gabruseva,
  Image and Vision Computing 2021): the same mean box of running groups, the
  mean of w s times min(detections, detectors) / sum of all w.
- ``nms``: the detection of the highest w s of overlapping ones.
- ``soft-nms``: all detections, those that overlap a higher one lowered.

The last two divide by the largest w, so that equal weights leave scores as
they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.functional.fusion.groups import (
    TINY,
    decayed_scores,
    one_of_each,
    running_boxes,
    suppressed,
)
from mmuldor.functional.fusion.pool import Pool

# The IoU of each method where none is given. Two boxes that both hit a lesion
# at an IoU of 0.5 may themselves have less; the paper takes 0.55 for `wbf`.
DEFAULT_IOU = {'wbf-one': 0.4, 'wbf': 0.55, 'nms': 0.5, 'soft-nms': 0.5}
METHODS = tuple(DEFAULT_IOU)


@dataclass(frozen=True, eq=False)
class Fused:
    """Fused detections, g of them, sorted by unit and descending score.

    Attributes:
        boxes: `x1 y1 x2 y2`, (g, 4) float64.
        scores: (g,) float64.
        units: (g,) int64.
        leaders: Row of the pool of the group's highest score, (g,) int64.
        group: Which of them each row of the pool went into, (n,) int64.
        weighted: Score times weight of each row of the pool, (n,) float64.
    """

    boxes: Floats
    scores: Floats
    units: Ints
    leaders: Ints
    group: Ints
    weighted: Floats


def fuse(
    pool: Pool,
    weights: ArrayLike,
    *,
    method: str = 'wbf-one',
    iou_thr: float | None = None,
) -> Fused:
    """Fuse the detections of each unit.

    Args:
        pool: Detections; their scores are not weighted yet.
        weights: Weight of each detector, above 0, (d,).
        method: One of `METHODS`.
        iou_thr: IoU from which on detections are taken for the same object;
            `DEFAULT_IOU` of the method by default.

    Raises:
        ValueError: If an argument is wrong.
    """
    weights = check_weights(weights, int(pool.detectors.max(initial=-1)) + 1)
    if method not in METHODS:
        raise ValueError(
            f'`method` must be one of {", ".join(METHODS)}, but got '
            f'{method!r}.'
        )
    iou_thr = DEFAULT_IOU[method] if iou_thr is None else iou_thr
    weighted = pool.scores * weights[pool.detectors]
    pool = Pool(pool.boxes, weighted, pool.detectors, pool.units)
    if method == 'soft-nms':
        scores = decayed_scores(pool, iou_thr) / weights.max()
        return _sorted(pool, np.arange(len(pool)), pool.boxes, scores)
    if method == 'nms':
        scores = pool.scores / weights.max()
        return _sorted(pool, suppressed(pool, iou_thr), pool.boxes, scores)
    find = one_of_each if method == 'wbf-one' else running_boxes
    leaders = find(pool, iou_thr)
    count = len(pool)
    sums = np.bincount(leaders, pool.scores, count)
    if method == 'wbf-one':
        scores = sums / weights.sum()
    else:
        members = np.bincount(leaders, minlength=count)
        share = np.minimum(members, len(weights))
        scores = sums / np.maximum(members, 1) * share / weights.sum()
    boxes = mean_boxes(pool.boxes, pool.scores, leaders, count)
    return _sorted(pool, leaders, boxes, scores)


def check_weights(weights: ArrayLike, least: int = 1) -> Floats:
    """Weights of detectors as float64, (d,).

    Args:
        weights: (d,) numbers.
        least: The smallest number of detectors.

    Raises:
        ValueError: If they are too few, not finite or not above 0.
    """
    found = np.asarray(weights, dtype=np.float64)
    valid = found.ndim == 1 and len(found) >= least
    if not valid or not np.isfinite(found).all() or found.min() <= 0:
        raise ValueError(
            '`weights` must be a number above 0 for each detector, but got '
            f'{found.tolist()} for {least} or more.'
        )
    return found


def mean_boxes(
    boxes: Floats, weights: Floats, group: Ints, count: int
) -> Floats:
    """Weighted mean box of each group; of equal weights where all are 0.

    Args:
        boxes: (n, 4) float64.
        weights: (n,) float64, 0 or more.
        group: Group of each box, from 0 to `count` - 1, (n,) int64.
        count: The number of groups.

    Returns:
        (count, 4) float64; 0 for groups without a box.
    """
    weights = np.maximum(weights, TINY)
    totals = np.maximum(np.bincount(group, weights, count), TINY)
    return np.stack(
        [
            np.bincount(group, column * weights, count) / totals
            for column in boxes.T
        ],
        axis=1,
    )


def _sorted(pool: Pool, leaders: Ints, boxes: Floats, scores: Floats) -> Fused:
    """The groups in order; boxes and scores are of their leaders' rows."""
    rows = np.flatnonzero(leaders == np.arange(len(leaders)))
    rows = rows[np.lexsort((-scores[rows], pool.units[rows]))]
    number = np.zeros(len(leaders), dtype=np.int64)
    number[rows] = np.arange(len(rows))
    return Fused(
        boxes[rows],
        scores[rows],
        pool.units[rows],
        rows,
        number[leaders],
        pool.scores,
    )
