"""Which detections of several detectors show the same object.

Each function takes a `Pool` and returns, of each detection, the row of its
group's leader, the detection of the highest score: (n,) int64. A group lies
in one unit. IoUs are of continuous widths.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.functional.boxes import broadcast_iou
from mmuldor.functional.fusion.pool import Block, Pool
from mmuldor.functional.matching import check_iou_thr

# Of scores that are 0, so that boxes of such alone get equal weights.
TINY = 1e-100


def one_of_each(pool: Pool, iou_thr: float = 0.5) -> Ints:
    """Groups with at most one detection of each detector.

    By descending score, each detection joins the group of the highest IoU
    with its leader, among those without a detection of the same detector, or
    leads a new one.

    Two detections of one detector passed its own NMS: they are two objects,
    or two guesses of which the lower one is no second vote.

    Args:
        pool: The detections.
        iou_thr: Minimum IoU with the leader.

    Raises:
        ValueError: If `iou_thr` is out of range.
    """
    return _by_block(pool, iou_thr, _one_of_each)


def running_boxes(pool: Pool, iou_thr: float = 0.55) -> Ints:
    """Groups of weighted box fusion (Solovyev et al. 2021, section 3).

    By descending score, each detection joins the group of the highest IoU
    with its fused box so far (the mean weighted by score), or leads a new
    one. A group may have several detections of one detector.

    Args:
        pool: The detections.
        iou_thr: Minimum IoU with the fused box; the paper takes 0.55.

    Raises:
        ValueError: If `iou_thr` is out of range.
    """
    return _by_block(pool, iou_thr, _running_boxes)


def suppressed(pool: Pool, iou_thr: float = 0.5) -> Ints:
    """Groups of greedy NMS: a leader, and what it suppresses.

    Args:
        pool: The detections.
        iou_thr: A detection is suppressed at an IoU of at least this.

    Raises:
        ValueError: If `iou_thr` is out of range.
    """
    return _by_block(pool, iou_thr, _suppressed)


def decayed_scores(pool: Pool, iou_thr: float = 0.5) -> Floats:
    """Scores of linear soft-NMS (Bodla et al. 2017, equation 3).

    The detection of the highest score lowers those that overlap it by a
    factor of `1 - IoU`, then the next highest one does, and so on.

    Args:
        pool: The detections.
        iou_thr: Minimum IoU of those that are lowered.

    Returns:
        (n,) float64.

    Raises:
        ValueError: If `iou_thr` is out of range.
    """
    check_iou_thr(iou_thr)
    scores = pool.scores.copy()
    for block in pool.blocks():
        decayed = _decayed(block, iou_thr)
        scores[block.rows[block.valid]] = decayed[block.valid]
    return scores


def _by_block(
    pool: Pool, iou_thr: float, lead: Callable[[Block, float], Ints]
) -> Ints:
    """Leaders of all rows; `lead` gives their places in a unit, (k, c)."""
    check_iou_thr(iou_thr)
    leaders = np.arange(len(pool))
    for block in pool.blocks():
        rows = np.take_along_axis(block.rows, lead(block, iou_thr), axis=1)
        leaders[block.rows[block.valid]] = rows[block.valid]
    return leaders


def _one_of_each(block: Block, iou_thr: float) -> Ints:
    groups = _Groups(block)
    count, size = block.valid.shape
    detectors = int(block.detectors.max()) + 1
    present = np.zeros((count, size, detectors), dtype=bool)
    for place in range(size):
        units = np.flatnonzero(block.valid[:, place])
        detector = block.detectors[units, place]
        ious = groups.ious(units, place)
        open_ones = ~present[units, : ious.shape[1]]
        ious[~open_ones[np.arange(len(units)), :, detector]] = -1
        chosen = groups.join(units, place, ious, iou_thr)
        present[units, chosen, detector] = True
    return groups.leaders


def _running_boxes(block: Block, iou_thr: float) -> Ints:
    groups = _Groups(block)
    weights = np.maximum(block.scores, TINY)
    sums = np.zeros_like(block.boxes)
    totals = np.zeros_like(block.scores)
    for place in range(block.valid.shape[1]):
        units = np.flatnonzero(block.valid[:, place])
        ious = groups.ious(units, place)
        chosen = groups.join(units, place, ious, iou_thr)
        weight = weights[units, place]
        sums[units, chosen] += block.boxes[units, place] * weight[:, None]
        totals[units, chosen] += weight
        groups.boxes[units, chosen] = (
            sums[units, chosen] / totals[units, chosen, None]
        )
    return groups.leaders


class _Groups:
    """The groups of each unit of a block, in the order in which they began.

    Attributes:
        boxes: What detections are compared with, at first the leaders' boxes,
            (k, c, 4) float64.
        leaders: Place of the leader of each detection, (k, c) int64.
    """

    def __init__(self, block: Block) -> None:
        self.boxes = np.zeros_like(block.boxes)
        self.leaders = np.zeros_like(block.detectors)
        self._block = block
        self._first = np.zeros_like(block.detectors)
        self._numbers = np.zeros(len(block.valid), dtype=np.int64)

    def ious(self, units: Ints, place: int) -> Floats:
        """IoU of the units' next detections with their groups, (u, g)."""
        most = int(self._numbers[units].max())
        own = self._block.boxes[units, place, None]
        ious = _ious(self.boxes[units, :most], own)
        ious[np.arange(most) >= self._numbers[units, None]] = -1
        return ious

    def join(
        self, units: Ints, place: int, ious: Floats, iou_thr: float
    ) -> Ints:
        """Put the detections into their groups: their numbers, (u,)."""
        most = ious.shape[1]
        # A last column, chosen where no group is near, for a new group.
        ious = np.pad(np.where(ious >= iou_thr, ious, -1), ((0, 0), (0, 1)))
        chosen: Ints = ious.argmax(axis=1)
        new = units[chosen == most]
        chosen[chosen == most] = self._numbers[new]
        self._first[new, self._numbers[new]] = place
        self.boxes[new, self._numbers[new]] = self._block.boxes[new, place]
        self._numbers[new] += 1
        self.leaders[units, place] = self._first[units, chosen]
        return chosen


def _suppressed(block: Block, iou_thr: float) -> Ints:
    free = block.valid.copy()
    count, size = free.shape
    leaders = np.tile(np.arange(size), (count, 1))
    for place in range(size):
        units = np.flatnonzero(free[:, place])
        later = slice(place + 1, None)
        ious = _ious(
            block.boxes[units, place, None], block.boxes[units, later]
        )
        near = free[units, later] & (ious >= iou_thr)
        free[units, later] &= ~near
        leaders[units, later] = np.where(near, place, leaders[units, later])
    return leaders


def _decayed(block: Block, iou_thr: float) -> Floats:
    left = block.valid.copy()
    scores = block.scores.copy()
    for place in range(left.shape[1]):
        units = np.flatnonzero(block.valid[:, place])
        best = np.where(left[units], scores[units], -1.0).argmax(axis=1)
        left[units, best] = False
        ious = _ious(block.boxes[units, best, None], block.boxes[units])
        lower = left[units] & (ious >= iou_thr)
        scores[units] *= np.where(lower, 1 - ious, 1.0)
    return scores


def _ious(first: Floats, second: Floats) -> Floats:
    return broadcast_iou(first, second, inclusive=False)
