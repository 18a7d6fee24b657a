"""Candidates of hard negative mining on a batch of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from mmengine.structures import InstanceData
from numpy.typing import ArrayLike
from torch import Tensor

from mmuldor.engine.detection.detections import (
    Limits,
    detect,
    masks_can_wait,
    stages,
)
from mmuldor.engine.detection.heads import unwrapped
from mmuldor.upstream.instances import as_arrays, in_whole_slice


class TwoStageCandidates:
    """Lesion-class detections of one image, sorted by descending score.

    Args:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, descending.
        size: (height, width) of the source image.
    """

    def __init__(
        self, boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]
    ) -> None:
        self.boxes, self.scores, self.size = boxes, scores, size

    def touching(self, references: Sequence[np.ndarray]) -> np.ndarray:
        """Which boxes touch a lesion's mask, (n,) bool.

        For other boxes S2 is exactly 0, since a predicted mask stays inside
        its box. A margin of one pixel allows for rounding.

        Args:
            references: Lesions' masks, (H, W) bool, source px.
        """
        boxes = self.boxes
        touching = np.zeros(len(boxes), dtype=bool)
        for reference in references:
            rows = np.flatnonzero(reference.any(axis=1))
            columns = np.flatnonzero(reference.any(axis=0))
            touching |= (
                (boxes[:, 0] <= columns[-1] + 1)
                & (boxes[:, 2] >= columns[0] - 1)
                & (boxes[:, 1] <= rows[-1] + 1)
                & (boxes[:, 3] >= rows[0] - 1)
            )
        return touching


class CandidateBatch:
    """The candidates of a batch of images, with masks on demand.

    Args:
        detector: A two-stage detector with a mask head.
        inputs: Collated batch. All images must have the same padded size,
            since more padding changes the features at an image's border.
        limits: Thresholds of the detections.

    Attributes:
        images: The candidates of each image.
    """

    def __init__(
        self, detector: TwoStageDetector, inputs: dict, limits: Limits
    ) -> None:
        device = next(detector.parameters()).device
        moved = {**inputs, 'inputs': on_device(inputs['inputs'], device)}
        data = detector.data_preprocessor(moved, False)
        self._detections = detect(detector, data, limits)
        self.images = []
        for instances, meta in zip(
            self._detections.rescaled(), self._detections.metas, strict=True
        ):
            arrays = as_arrays(in_whole_slice(instances, meta))
            size = meta.get('whole_shape', meta['ori_shape'])
            self.images.append(
                TwoStageCandidates(arrays.boxes, arrays.scores, tuple(size))
            )

    def masks(self, indices_by_image: Sequence[ArrayLike]) -> list[np.ndarray]:
        """Masks of selected candidates of each image, by one mask head pass.

        Args:
            indices_by_image: n indices of candidates for each image.

        Returns:
            (n, H, W) bool of each image, source px.
        """
        selected = [
            instances[torch.as_tensor(np.asarray(indices, dtype=int))]
            for instances, indices in zip(
                self._detections.instances, indices_by_image, strict=True
            )
        ]
        if not any(map(len, selected)):
            return [np.zeros((0, *i.size), dtype=bool) for i in self.images]
        return [
            in_whole_slice(InstanceData(masks=masks), meta).masks.numpy()
            for masks, meta in zip(
                self._detections.masks(selected),
                self._detections.metas,
                strict=True,
            )
        ]


def on_device(images: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Copy images (C, H, W) of one dtype to a device in one transfer."""
    if device.type == 'cpu':
        return list(images)
    flat = torch.cat([image.flatten() for image in images]).to(device)
    parts = flat.split([image.numel() for image in images])
    return [
        part.view(image.shape)
        for part, image in zip(parts, images, strict=True)
    ]


def check_model(model: torch.nn.Module) -> None:
    """Raise ValueError unless hard negatives can be mined with the model."""
    model = unwrapped(model)
    if not isinstance(model, TwoStageDetector) or not model.roi_head.with_mask:
        raise ValueError(
            'hard negative mining needs a two-stage detector with a mask '
            f'head (its S2 is a mask IoU), but got {type(model).__name__} '
            'without one. Start from a config of `configs/mask_rcnn/`.'
        )
    if not masks_can_wait(model):
        raise ValueError(
            'hard negative mining needs boxes first and masks of some of them '
            'later, as Mask R-CNN and Cascade Mask R-CNN predict them, but a '
            f'{type(model.roi_head).__name__} predicts both together. '
            'Start from a config of `configs/mask_rcnn/`.'
        )
    classes = stages(model.roi_head.bbox_head)[0].num_classes
    if classes > 2:
        raise ValueError(
            'hard negative mining needs one lesion class and at most one '
            f'false-positive class, but the model has {classes} classes. Mine '
            'without `lesion_types`.'
        )
