"""Boxes in space, in mm: overlaps and centres.

A box is `x1 y1 z1 x2 y2 z2` in mm along the axes of a volume, continuous: its
sides are `x2 - x1` and so on, whatever the pixels are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, check_rows


def check_boxes_3d(boxes: ArrayLike, name: str = 'boxes') -> Floats:
    """Boxes as a float64 array of shape (n, 6); an empty input gives (0, 6).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another, or naming the first box that is
            not finite or turned inside out.
    """
    boxes = check_rows(boxes, 6, name)
    good = np.isfinite(boxes).all(axis=1)
    good &= (boxes[:, 3:] >= boxes[:, :3]).all(axis=1)
    if not good.all():
        index = int(np.argmin(good))
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
        IoU in [0, 1], (n,) float64; 0 where neither has a volume.
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


def transformed_boxes(boxes: ArrayLike, matrix: Floats) -> Floats:
    """The boxes around boxes that were moved to other axes.

    Args:
        boxes: (n, 6) boxes.
        matrix: Turns homogeneous coordinates of the old axes into those of
            the new ones, (4, 4).

    Returns:
        (n, 6): around all eight corners, so larger than the old ones where
        the axes are at an angle.
    """
    boxes = check_boxes_3d(boxes)
    picks = np.indices((2, 2, 2)).reshape(3, 8)
    corners = boxes.reshape(-1, 2, 3)[:, picks, np.arange(3)[:, None]]
    moved = np.einsum('ij,njc->nic', matrix[:3, :3], corners)
    moved += matrix[:3, 3, None]
    return np.concatenate([moved.min(axis=2), moved.max(axis=2)], axis=1)
