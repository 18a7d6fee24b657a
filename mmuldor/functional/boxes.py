"""Boxes: formats, areas, overlaps, with the pixel convention as an argument.

A box is `x1 y1 x2 y2` in source-image pixels. There are two conventions of
its width. Inclusive, `x2 - x1 + 1`: the coordinates are the centres of the
first and the last pixel (Pascal VOC, all DeepLesion papers). Continuous,
`x2 - x1`: the coordinates are edges (COCO, mmdet).

For the origin of coordinates see `mmuldor.functional.frame`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats, check_rows

# Between the two classes, or types, of an image, where both count as one.
NMS_IOU = 0.5


def as_boxes(boxes: ArrayLike, name: str = 'boxes') -> Floats:
    """Boxes as a float64 array of shape (n, 4); an empty input gives (0, 4).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is not (n, 4).
    """
    return check_rows(boxes, 4, name).astype(np.float64, copy=False)


def check_boxes(boxes: ArrayLike, name: str = 'boxes') -> Floats:
    """Like `as_boxes`, and every box must be finite with `x1 <= x2, y1 <= y2`.

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is not (n, 4) or a box is invalid; the
            message names the first such box.
    """
    boxes = as_boxes(boxes, name)
    x1, y1, x2, y2 = boxes.T
    valid = (x1 <= x2) & (y1 <= y2)
    if not (valid.all() and np.isfinite(boxes).all()):
        valid &= np.isfinite(boxes).all(axis=1)
        index = int(np.argmin(valid))
        raise ValueError(
            f'`{name}` must be finite x1 y1 x2 y2 with x1 <= x2 and '
            f'y1 <= y2, but box {index} is {boxes[index].tolist()}.'
        )
    return boxes


def xywh_to_xyxy(boxes: ArrayLike) -> Floats:
    """`x1 y1 x2-x1 y2-y1`, as in the JSON, to `x1 y1 x2 y2`: (n, 4)."""
    boxes = as_boxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def xyxy_to_xywh(boxes: ArrayLike) -> Floats:
    """`x1 y1 x2 y2` to `x1 y1 x2-x1 y2-y1`, as in the JSON: (n, 4)."""
    boxes = as_boxes(boxes)
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def flipped_box(
    box_px: Sequence[int], shape: Sequence[int], direction: str | None
) -> tuple[int, int, int, int]:
    """A box `x1 y1 x2 y2` in a flipped slice of shape (height, width)."""
    x1, y1, x2, y2 = box_px
    height, width = shape[:2]
    if direction in ('horizontal', 'diagonal'):
        x1, x2 = width - x2, width - x1
    if direction in ('vertical', 'diagonal'):
        y1, y2 = height - y2, height - y1
    return x1, y1, x2, y2


def box_areas(boxes: ArrayLike, *, inclusive: bool = True) -> Floats:
    """Areas in px², (n,) float64; 0 for boxes with x2 < x1 or y2 < y1."""
    return _areas(as_boxes(boxes), inclusive)


def rowwise_iou(
    first: ArrayLike, second: ArrayLike, *, inclusive: bool = True
) -> Floats:
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
    return broadcast_iou(first, second, inclusive=inclusive)


def rowwise_iod(
    detections: ArrayLike, others: ArrayLike, *, inclusive: bool = True
) -> Floats:
    """Intersection over detection area (IoD) of rows k of both.

    Like `rowwise_iou`: (n,) float64; 0 where the detection is empty.
    """
    detections = as_boxes(detections, 'detections')
    others = as_boxes(others, 'others')
    inter = _intersections(detections, others, inclusive)
    return _ratio(inter, _areas(detections, inclusive))


def pairwise_iou(
    first: ArrayLike, second: ArrayLike, *, inclusive: bool = True
) -> Floats:
    """Intersection over union of each pair of a `first` and a `second` box.

    Like `rowwise_iou`, but of (n, 4) and (m, 4) boxes: (n, m) float64.
    """
    first, second = as_boxes(first, 'first'), as_boxes(second, 'second')
    return broadcast_iou(first[:, None], second[None], inclusive=inclusive)


def pairwise_iod(
    detections: ArrayLike, lesions: ArrayLike, *, inclusive: bool = True
) -> Floats:
    """Intersection over detection area (IoD) of each detection and lesion.

    Like `pairwise_iou`: (n, m) float64; 0 where the detection is empty.
    """
    detections = as_boxes(detections, 'detections')
    lesions = as_boxes(lesions, 'lesions')
    inter = _intersections(detections[:, None], lesions[None], inclusive)
    areas = _areas(detections, inclusive)[:, None]
    return _ratio(inter, np.broadcast_to(areas, inter.shape))


def broadcast_iou(first: Floats, second: Floats, *, inclusive: bool) -> Floats:
    """IoU of boxes (..., 4) whose leading axes broadcast, not checked."""
    inter = _intersections(first, second, inclusive)
    union = _areas(first, inclusive) + _areas(second, inclusive) - inter
    return _ratio(inter, union)


def _areas(boxes: Floats, inclusive: bool) -> Floats:
    """Areas of boxes (..., 4): (...,) float64."""
    sizes = np.maximum(boxes[..., 2:] - boxes[..., :2] + float(inclusive), 0)
    areas: Floats = sizes[..., 0] * sizes[..., 1]
    return areas


def _intersections(first: Floats, second: Floats, inclusive: bool) -> Floats:
    """Areas of intersection of boxes (..., 4) that broadcast."""
    extra = float(inclusive)
    # Axis by axis: one array of shape (n, m, 2) takes twice the time.
    width = np.minimum(first[..., 2], second[..., 2])
    width = width - np.maximum(first[..., 0], second[..., 0]) + extra
    height = np.minimum(first[..., 3], second[..., 3])
    height = height - np.maximum(first[..., 1], second[..., 1]) + extra
    areas: Floats = np.maximum(width, 0) * np.maximum(height, 0)
    return areas


def _ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, 0 where `whole` is 0."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
