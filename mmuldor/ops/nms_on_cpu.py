"""Greedy non-maximum suppression of sorted boxes, in NumPy.

A step on some hundred boxes takes NumPy half as long as torch, most of which
is the call itself.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Boxes compared at once, and the least of a part. Larger ones are fewer calls;
# smaller ones compute fewer overlaps of boxes that are suppressed anyway.
_BLOCK = 64


def nms_of_sorted(boxes: Floats, threshold: float, offset: int) -> Ints:
    """NMS of boxes that are sorted by descending score.

    Args:
        boxes: (n, 4) `x1 y1 x2 y2`, float32 or float64, any frame.
        threshold: A box is suppressed if its IoU with a kept box before it is
            above this.
        offset: Widths are `x2 - x1 + offset`; 0 or 1.

    Returns:
        Ascending indices of the kept boxes, int64.
    """
    # Boxes without a size have an IoU of 0 / 0, which is above nothing.
    with np.errstate(divide='ignore', invalid='ignore'):
        kept = [
            part[_greedy(boxes[part], threshold, offset)]
            for part in parts_apart(boxes, threshold, offset)
        ]
    return np.sort(np.concatenate(kept))


def parts_apart(boxes: Floats, threshold: float, offset: int) -> list[Ints]:
    """Split boxes into parts that do not overlap: ascending indices of each.

    For NMS per class and per level, mmcv shifts the boxes of each class or
    level along both axes, so that they do not overlap. Boxes of different
    parts need not be compared, unless an IoU of 0 exceeds the threshold.
    """
    if len(boxes) <= _BLOCK or threshold < 0:
        return [np.arange(len(boxes))]
    by_left = boxes[:, 0].argsort()
    left = boxes[by_left, 0]
    # The maximum right edge of all boxes up to each one.
    right = np.maximum.accumulate(boxes[by_left, 2])
    cuts = [0]
    for gap in np.flatnonzero(left[1:] > right[:-1] + offset).tolist():
        if gap + 1 - cuts[-1] >= _BLOCK:
            cuts.append(gap + 1)
    return [np.sort(part) for part in np.split(by_left, cuts[1:])]


def _greedy(boxes: Floats, threshold: float, offset: int) -> Ints:
    """Indices (m,) of the boxes (n, 4) that are kept."""
    order: Ints = np.arange(len(boxes))
    kept = [order[:0]]
    while len(order):
        head, tail = boxes[:_BLOCK], boxes[_BLOCK:]
        keep = _survivors(_overlap(head, head, threshold, offset))
        kept.append(order[keep])
        free = ~_overlap(head[keep], tail, threshold, offset).any(0)
        boxes, order = tail[free], order[_BLOCK:][free]
    return np.concatenate(kept)


def _overlap(a: Floats, b: Floats, threshold: float, offset: int) -> Bools:
    """Whether the IoU of `a` (n, 4) and `b` (m, 4) exceeds, (n, m)."""
    ax1, ay1, ax2, ay2 = a.T[:, :, None]
    bx1, by1, bx2, by2 = b.T
    inter = _overlap_length(ax1, ax2, bx1, bx2, offset)
    inter *= _overlap_length(ay1, ay2, by1, by2, offset)
    union = (ax2 - ax1 + offset) * (ay2 - ay1 + offset)
    union = union + (bx2 - bx1 + offset) * (by2 - by1 + offset)
    union -= inter
    # As mmcv's CPU code, which divides.
    inter /= union
    exceeds: Bools = inter > threshold
    return exceeds


def _overlap_length(
    a_low: Floats, a_high: Floats, b_low: Floats, b_high: Floats, offset: int
) -> Floats:
    length: Floats = np.minimum(a_high, b_high)
    length -= np.maximum(a_low, b_low)
    if offset:
        length += offset
    return np.maximum(length, 0, out=length)


def _survivors(overlap: Bools) -> Ints:
    """Rows (m,) of a symmetric (n, n) that no kept row before them overlaps.

    Each row is an integer of n bits, so that a box takes one step.
    """
    packed = np.packbits(overlap, axis=1, bitorder='little')
    kept, fallen = [], 0
    for row, bits in enumerate(packed):
        if not fallen >> row & 1:
            kept.append(row)
            fallen |= int.from_bytes(bits.tobytes(), 'little')
    return np.array(kept, dtype=np.int64)
