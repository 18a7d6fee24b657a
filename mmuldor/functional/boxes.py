"""Boxes: formats, areas, overlaps, with the pixel convention as an argument.

A box is `x1 y1 x2 y2` in source-image pixels. Two conventions count its width:
inclusive, `x2 - x1 + 1`, where the coordinates are the centres of the first
and the last pixel (Pascal VOC, all DeepLesion papers), and continuous,
`x2 - x1`, where they are edges (COCO, mmdet).

All files count from the centre of the first pixel, mmdet from its outer edge:
what mmdet is given is the file's coordinate plus `EDGE_SHIFT_PX`, and what
it gives becomes the file's by subtracting it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

EDGE_SHIFT_PX = 0.5


def as_boxes(boxes: ArrayLike, name: str = 'boxes') -> np.ndarray:
    """Boxes as a float64 array of shape (n, 4); an empty input gives (0, 4).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another.
    """
    boxes = np.asarray(boxes)
    if boxes.size == 0 and boxes.shape in ((0,), (0, 4)):
        return np.zeros((0, 4))
    if boxes.dtype.kind not in 'fiu':
        raise TypeError(f'`{name}` must be numbers, but got {boxes.dtype}.')
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(
            f'`{name}` must have the shape (n, 4), but got {boxes.shape}.'
        )
    return boxes.astype(np.float64, copy=False)


def check_boxes(boxes: ArrayLike, name: str = 'boxes') -> np.ndarray:
    """Like `as_boxes`, and every box must be finite with `x1 <= x2, y1 <= y2`.

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another, or naming the first bad box.
    """
    boxes = as_boxes(boxes, name)
    x1, y1, x2, y2 = boxes.T
    good = (x1 <= x2) & (y1 <= y2)
    if not (good.all() and np.isfinite(boxes).all()):
        good &= np.isfinite(boxes).all(axis=1)
        index = int(np.argmin(good))
        raise ValueError(
            f'`{name}` must be finite x1 y1 x2 y2 with x1 <= x2 and '
            f'y1 <= y2, but box {index} is {boxes[index].tolist()}.'
        )
    return boxes


def xywh_to_xyxy(boxes: ArrayLike) -> np.ndarray:
    """`x1 y1 x2-x1 y2-y1`, as in the JSON, to `x1 y1 x2 y2`: (n, 4)."""
    boxes = as_boxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def xyxy_to_xywh(boxes: ArrayLike) -> np.ndarray:
    """`x1 y1 x2 y2` to `x1 y1 x2-x1 y2-y1`, as in the JSON: (n, 4)."""
    boxes = as_boxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def box_areas(boxes: ArrayLike, *, inclusive: bool = True) -> np.ndarray:
    """Areas in pixels, (n,) float64; a box turned inside out has none."""
    boxes = as_boxes(boxes)
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2] + float(inclusive), 0)
    return sizes[:, 0] * sizes[:, 1]


def rowwise_iou(
    first: ArrayLike, second: ArrayLike, *, inclusive: bool = True
) -> np.ndarray:
    """Intersection over union of box k of `first` with box k of `second`.

    Args:
        first: Boxes `x1 y1 x2 y2`, (n, 4).
        second: Boxes `x1 y1 x2 y2`, (n, 4).
        inclusive: Count widths as `x2 - x1 + 1`.

    Returns:
        IoU in [0, 1], (n,) float64; 0 where both boxes are empty.

    Raises:
        ValueError: If the numbers of boxes differ.
    """
    first, second = as_boxes(first, 'first'), as_boxes(second, 'second')
    if first.shape != second.shape:
        raise ValueError(
            '`first` and `second` must have equally many boxes, but got '
            f'{len(first)} and {len(second)}.'
        )
    inter = _intersections(first, second, inclusive)
    union = (
        box_areas(first, inclusive=inclusive)
        + box_areas(second, inclusive=inclusive)
        - inter
    )
    return _ratio(inter, union)


def pairwise_iou(
    first: ArrayLike, second: ArrayLike, *, inclusive: bool = True
) -> np.ndarray:
    """Intersection over union of every box with every other.

    Args:
        first: Boxes `x1 y1 x2 y2`, (n, 4).
        second: Boxes `x1 y1 x2 y2`, (m, 4).
        inclusive: Count widths as `x2 - x1 + 1`.

    Returns:
        IoU in [0, 1], (n, m) float64; 0 where both boxes are empty.
    """
    first, second = as_boxes(first, 'first'), as_boxes(second, 'second')
    inter = _intersections(first[:, None], second[None], inclusive)
    union = (
        box_areas(first, inclusive=inclusive)[:, None]
        + box_areas(second, inclusive=inclusive)[None]
        - inter
    )
    return _ratio(inter, union)


def pairwise_iod(
    detections: ArrayLike, lesions: ArrayLike, *, inclusive: bool = True
) -> np.ndarray:
    """Intersection over the detection's area, every one with every lesion.

    Args:
        detections: Boxes `x1 y1 x2 y2`, (n, 4).
        lesions: Boxes `x1 y1 x2 y2`, (m, 4).
        inclusive: Count widths as `x2 - x1 + 1`.

    Returns:
        IoD in [0, 1], (n, m) float64; 0 where the detection is empty.
    """
    detections = as_boxes(detections, 'detections')
    lesions = as_boxes(lesions, 'lesions')
    inter = _intersections(detections[:, None], lesions[None], inclusive)
    areas = box_areas(detections, inclusive=inclusive)[:, None]
    return _ratio(inter, np.broadcast_to(areas, inter.shape))


def _intersections(
    first: np.ndarray, second: np.ndarray, inclusive: bool
) -> np.ndarray:
    """Areas of intersection of two arrays of boxes that broadcast."""
    extra = float(inclusive)
    # Axis by axis: a (n, m, 2) array would cost twice the time.
    width = np.minimum(first[..., 2], second[..., 2])
    width = width - np.maximum(first[..., 0], second[..., 0]) + extra
    height = np.minimum(first[..., 3], second[..., 3])
    height = height - np.maximum(first[..., 1], second[..., 1]) + extra
    return np.maximum(width, 0) * np.maximum(height, 0)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """`part / whole`, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
