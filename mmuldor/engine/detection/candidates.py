"""Candidates of hard negative mining on a batch of images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from torch import Tensor

from mmuldor.engine.detection.detections import (
    Limits,
    detect,
    masks_can_wait,
    stages,
)
from mmuldor.upstream.instances import as_arrays


class TwoStageCandidates:
    """Lesion-class detections of one image, best first.

    Args:
        boxes: See below.
        scores: See below.
        size: See below.

    Attributes:
        boxes: (n, 4) float64 x1 y1 x2 y2, source px, pixel centres at
            integers.
        scores: (n,) float64, falling.
        size: (height, width) of the source image.
    """

    def __init__(
        self, boxes: np.ndarray, scores: np.ndarray, size: tuple[int, int]
    ) -> None:
        self.boxes, self.scores, self.size = boxes, scores, size

    def touching(self, references: Sequence[np.ndarray]) -> np.ndarray:
        """Which boxes reach a lesion's mask, (n,): elsewhere S2 is exactly 0.

        A predicted mask stays inside its box; one pixel of margin is for
        rounding.
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
    """The candidates of a batch of images, and their masks on demand.

    Args:
        detector: A two-stage detector with a mask head.
        inputs: Collated batch; images that are padded to one size, since more
            padding would change the features at an image's border.
        limits: What counts as a detection.

    Attributes:
        images: Candidates of each image.
    """

    def __init__(
        self, detector: TwoStageDetector, inputs: dict, limits: Limits
    ) -> None:
        device = next(detector.parameters()).device
        together = {**inputs, 'inputs': on_device(inputs['inputs'], device)}
        data = detector.data_preprocessor(together, False)
        self._detections = detect(detector, data, limits)
        self.images = []
        for found, meta in zip(
            self._detections.found, self._detections.metas, strict=True
        ):
            arrays = as_arrays(found, meta['scale_factor'])
            self.images.append(
                TwoStageCandidates(
                    arrays.boxes, arrays.scores, tuple(meta['ori_shape'])
                )
            )

    def masks(self, asked: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Masks of some candidates of each image, (n, H, W) bool, source px.

        One pass of the mask head for all images.
        """
        some = [
            found[torch.as_tensor(np.asarray(indices, dtype=int))]
            for found, indices in zip(
                self._detections.found, asked, strict=True
            )
        ]
        if not any(map(len, some)):
            return [np.zeros((0, *i.size), dtype=bool) for i in self.images]
        return [part.numpy() for part in self._detections.masks(some)]


def on_device(images: Sequence[Tensor], device: torch.device) -> list[Tensor]:
    """Images (C, H, W) of one type, copied to a device together."""
    if device.type == 'cpu':
        return list(images)
    flat = torch.cat([image.flatten() for image in images]).to(device)
    parts = flat.split([image.numel() for image in images])
    return [
        part.view(image.shape)
        for part, image in zip(parts, images, strict=True)
    ]


def check_model(model: torch.nn.Module) -> None:
    """Raise ValueError unless the model is Mask R-CNN-like."""
    model = getattr(model, 'module', model)
    if not isinstance(model, TwoStageDetector) or not model.roi_head.with_mask:
        raise ValueError(
            'hard negative mining needs a two-stage detector with a mask '
            f'head (its S2 is a mask IoU), but got {type(model).__name__} '
            'without one. Start from a config of `configs/mask_rcnn/`.'
        )
    if not masks_can_wait(model):
        raise ValueError(
            'hard negative mining asks for boxes first and for masks of some '
            'of them later, as Mask R-CNN and Cascade Mask R-CNN have them, '
            f'but a {type(model.roi_head).__name__} predicts both together. '
            'Start from a config of `configs/mask_rcnn/`.'
        )
    classes = stages(model.roi_head.bbox_head)[0].num_classes
    if classes > 2:
        raise ValueError(
            'hard negative mining knows lesions as one class, and false '
            f'positives, but the model has {classes} classes. Mine without '
            '`lesion_types`.'
        )
