"""3-D boxes in mm: overlaps and centres.

A box is `x1 y1 z1 x2 y2 z2` in mm along the axes of a volume. Boxes are
continuous: their sides are `x2 - x1`, `y2 - y1`, `z2 - z1`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import (
    Floats,
    Ints,
    check_rows,
    check_scores,
    descending_order,
)


def check_boxes_3d(boxes: ArrayLike, name: str = 'boxes') -> Floats:
    """Boxes as a float64 array of shape (n, 6); an empty input gives (0, 6).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is not (n, 6), or a box is not finite or has
            a negative side; the message names the first such box.
    """
    boxes = check_rows(boxes, 6, name)
    valid = np.isfinite(boxes).all(axis=1)
    valid &= (boxes[:, 3:] >= boxes[:, :3]).all(axis=1)
    if not valid.all():
        index = int(np.argmin(valid))
        raise ValueError(
            f'`{name}` must be finite x1 y1 z1 x2 y2 z2 with x1 <= x2 and so '
            f'on, but box {index} is {boxes[index].tolist()}.'
        )
    return boxes.astype(np.float64, copy=False)


def centers_3d(boxes: Floats) -> Floats:
    """Centres of boxes, (n, 6) to (n, 3)."""
    return (boxes[:, :3] + boxes[:, 3:]) / 2


def rowwise_iou_3d(first: Floats, second: Floats) -> Floats:
    """Intersection over union of box k of `first` with box k of `second`.

    Args:
        first: (n, 6) boxes.
        second: (n, 6) boxes.

    Returns:
        IoU in [0, 1], (n,) float64; 0 where both boxes have volume 0.
    """
    sides = np.minimum(first[:, 3:], second[:, 3:])
    sides = sides - np.maximum(first[:, :3], second[:, :3])
    inter = np.prod(np.maximum(sides, 0), axis=1)
    union = np.prod(first[:, 3:] - first[:, :3], axis=1)
    union = union + np.prod(second[:, 3:] - second[:, :3], axis=1) - inter
    ious: Floats = np.divide(
        inter, union, out=np.zeros_like(inter), where=union > 0
    )
    return ious


def without_repeats(
    boxes: ArrayLike, scores: ArrayLike, iou_thr: float
) -> Ints:
    """Boxes that no higher-scoring remaining box overlaps (3-D NMS).

    Args:
        boxes: (n, 6).
        scores: (n,); of equal scores the first row ranks higher.
        iou_thr: A box of at least this IoU with a higher one is left out.

    Returns:
        The remaining rows, ascending, (r,) int64.

    Raises:
        TypeError: If an array is not of numbers.
        ValueError: If a box or a score is wrong.
    """
    boxes = check_boxes_3d(boxes)
    order = descending_order(check_scores(scores, len(boxes), 'scores'))
    kept = []
    while len(order):
        first, order = order[0], order[1:]
        kept.append(int(first))
        higher = np.broadcast_to(boxes[first], (len(order), 6))
        order = order[rowwise_iou_3d(boxes[order], higher) < iou_thr]
    return np.sort(np.array(kept, dtype=np.int64))


def transformed_boxes(boxes: ArrayLike, matrix: Floats) -> Floats:
    """Axis-aligned boxes around transformed boxes.

    Args:
        boxes: (n, 6) boxes in mm along the old axes.
        matrix: (4, 4), maps homogeneous coordinates along the old axes to
            those along the new axes.

    Returns:
        (n, 6) float64 in mm along the new axes: the bounding box of all eight
        corners, which is larger than the old box where the axes are oblique.

    Raises:
        TypeError: If `boxes` are not numbers.
        ValueError: As for `check_boxes_3d`.
    """
    boxes = check_boxes_3d(boxes)
    picks = np.indices((2, 2, 2)).reshape(3, 8)
    corners = boxes.reshape(-1, 2, 3)[:, picks, np.arange(3)[:, None]]
    moved = np.einsum('ij,njc->nic', matrix[:3, :3], corners)
    moved += matrix[:3, 3, None]
    return np.concatenate([moved.min(axis=2), moved.max(axis=2)], axis=1)
