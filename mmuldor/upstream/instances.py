"""Instances of MMEngine and mmdet as NumPy arrays in the frame of the JSON.

Tensors may be on any device and of any floating-point dtype, in mmdet's frame.
Predicted masks are tensors or run-length codes; masks of annotations are
mmdet's polygons or bitmaps. Only this module converts them. Seen with
onedl-mmengine 0.10.12 and onedl-mmdetection 3.5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.structures.bbox import BaseBoxes
from mmengine.structures import InstanceData

from mmuldor.functional.boxes import flipped_box
from mmuldor.functional.frame import from_detector


class InstanceArrays(NamedTuple):
    """The instances of one image.

    Attributes:
        boxes: (n, 4) float64 `x1 y1 x2 y2`, px, pixel centres at integers.
        labels: (n,) int64.
        scores: (n,) float64; 1 for annotations.
        masks: (n, H, W) array, or for each instance a run-length code, a
            bitmap or a list of flat polygons (in mmdet's frame). None: no
            masks.
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    masks: Any


def as_arrays(
    instances: InstanceData | Mapping[str, Any],
    with_masks: bool = True,
) -> InstanceArrays:
    """Predictions or annotations of one image as arrays.

    Args:
        instances: ``bboxes`` (n, 4) `x1 y1 x2 y2` in mmdet's frame and
            ``labels`` (n,); ``scores`` (n,) and ``masks`` are optional.
        with_masks: Whether to copy the masks to the host.

    Returns:
        Arrays in px of the same image.

    Raises:
        KeyError: If boxes or labels are missing (AttributeError of
            ``InstanceData``).
    """
    boxes = as_array(instances['bboxes'], np.float64).reshape(-1, 4)
    labels = as_array(instances['labels'], np.int64)
    scores = instances.get('scores', np.ones(len(labels)))
    masks = instances.get('masks') if with_masks else None
    return InstanceArrays(
        from_detector(boxes),
        labels,
        as_array(scores, np.float64),
        masks.cpu().numpy() if isinstance(masks, torch.Tensor) else masks,
    )


def in_whole_slice(
    instances: InstanceData, meta: Mapping[str, Any]
) -> InstanceData:
    """Predictions on a crop of a slice, moved to the whole slice.

    Args:
        instances: ``bboxes`` (n, 4) and ``masks`` (n, h, w), a tensor, are
            optional; in px of the crop, flipped if the network saw it so.
        meta: ``crop_bbox`` and ``whole_shape``, see ``CropToBody``; ``flip``
            and ``flip_direction`` of mmdet. Without a crop nothing moves.

    Returns:
        A copy in px of the slice, flipped likewise; masks (n, H, W).
    """
    if 'crop_bbox' not in meta:
        return instances
    height, width = shape = meta['whole_shape']
    flip = meta['flip_direction'] if meta.get('flip') else None
    x1, y1, x2, y2 = flipped_box(meta['crop_bbox'], shape, flip)
    moved = instances.clone()
    if 'bboxes' in moved:
        offset = moved.bboxes.new_tensor([x1, y1, x1, y1])
        moved.bboxes = moved.bboxes + offset
    if 'masks' in moved:
        # A second prediction on the same sample pastes masks into an image of
        # the whole slice's size, at the place in the crop.
        masks = moved.masks[:, : y2 - y1, : x2 - x1]
        moved.masks = masks.new_zeros((len(masks), height, width))
        moved.masks[:, y1:y2, x1:x2] = masks
    return moved


def as_array(values: Any, dtype: type) -> np.ndarray:
    """Convert a tensor on any device, boxes of mmdet or an array."""
    if isinstance(values, BaseBoxes):
        values = values.tensor
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        # NumPy has no bfloat16.
        values = values.double() if values.is_floating_point() else values
        values = values.numpy()
    return np.asarray(values).astype(dtype)
