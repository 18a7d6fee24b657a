"""Average the predictions of several views of an image at test time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_flip
from mmengine.model import BaseTTAModel
from mmengine.structures import InstanceData
from torch import Tensor

from mmuldor.functional.fusion.views import fuse_group, group_views
from mmuldor.registry import MODELS

# Dimensions of masks (n, H, W) to reverse, by the direction of a flip.
_FLIPPED = {'horizontal': [2], 'vertical': [1], 'diagonal': [1, 2]}


@MODELS.register_module()
class ViewAveraging(BaseTTAModel):
    """Test-time augmentation that averages boxes, scores and masks.

    mmdet's ``DetTTAModel`` does not support masks and keeps the maximum score
    over the views. Here scores are averaged, so detections of a single view
    get lower scores.

    Example:
        ``tools/test.py --tta``, with ``tta`` of the config

    Args:
        module: The detector, or its config.
        iou_thr: See :func:`mmuldor.functional.fusion.views.group_views`.
        max_per_img: Maximum number of detections of an image, or -1 for no
            limit, as for mmdet; by default that of the detector's heads, 100
            if they do not say it.
    """

    def __init__(
        self,
        module: dict | torch.nn.Module,
        iou_thr: float = 0.5,
        max_per_img: int | None = None,
    ) -> None:
        super().__init__(module)
        self.iou_thr = iou_thr
        if max_per_img is None:
            max_per_img = _max_detections(self.module)
        self.max_per_img = max_per_img

    def merge_preds(
        self, data_samples_list: Sequence[Sequence[DetDataSample]]
    ) -> list[DetDataSample]:
        """Merge the views of each image.

        Args:
            data_samples_list: Samples by image, then by view. Predictions are
                in px of the source image, flipped like the view.

        Returns:
            One sample an image, in the frame of the unflipped source image.
        """
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: Sequence[DetDataSample]) -> DetDataSample:
        by_view = [_unflipped(sample) for sample in views]
        detections = InstanceData.cat(by_view)
        view = np.repeat(np.arange(len(by_view)), [len(d) for d in by_view])
        merged = [
            part
            for label in detections.labels.unique()
            for part in self._fuse(
                detections[detections.labels == label],
                view[(detections.labels == label).cpu().numpy()],
                len(by_view),
            )
        ]
        result = InstanceData.cat(merged) if merged else detections
        order = result.scores.argsort(descending=True, stable=True)
        sample = views[0].new()
        limit = self.max_per_img if self.max_per_img > 0 else None
        sample.pred_instances = result[order[:limit]]
        return sample

    def _fuse(
        self, detections: InstanceData, view: np.ndarray, num_views: int
    ) -> list[InstanceData]:
        """Fuse the detections of one class into one instance a group."""
        boxes = detections.bboxes.double().cpu().numpy()
        scores = detections.scores.double().cpu().numpy()
        fused = []
        for rows in group_views(boxes, scores, view, iou_thr=self.iou_thr):
            box, score = fuse_group(boxes[rows], scores[rows], num_views)
            instance = detections[torch.as_tensor(rows[:1])]
            instance.bboxes = instance.bboxes.new_tensor(box[None])
            instance.scores = instance.scores.new_tensor([score])
            if 'masks' in detections:
                masks = detections.masks[torch.as_tensor(rows)]
                instance.masks = _mean_mask(masks)
            fused.append(instance)
        return fused


def _max_detections(detector: torch.nn.Module) -> int:
    """The most detections of an image that a detector's heads allow."""
    configs = [
        getattr(head, 'test_cfg', None) or {}
        for name, head in detector.named_children()
        # Of proposals, not of detections, is that of an RPN.
        if name != 'rpn_head'
    ]
    limits = [c['max_per_img'] for c in configs if 'max_per_img' in c]
    # Below 1, multiclass_nms of mmdet keeps all.
    return -1 if any(n < 1 for n in limits) else max(limits, default=100)


def _mean_mask(masks: Tensor) -> Tensor:
    """Pixels in at least half of the masks (n, H, W): (1, H, W) bool."""
    return masks.float().mean(dim=0, keepdim=True) >= 0.5


def _unflipped(sample: DetDataSample) -> InstanceData:
    """Predictions of a view in the frame of the unflipped source image."""
    detections = sample.pred_instances
    if not sample.get('flip'):
        return detections
    direction = sample.flip_direction
    detections.bboxes = bbox_flip(
        detections.bboxes, sample.ori_shape, direction
    )
    if 'masks' in detections:
        detections.masks = detections.masks.flip(_FLIPPED[direction])
    return detections
