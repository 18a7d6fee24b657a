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

from mmuldor.functional.view_fusion import fuse_group, group_views
from mmuldor.registry import MODELS

# Dimensions of a mask (n, H, W) that a flip turns about.
_FLIPPED = {'horizontal': [2], 'vertical': [1], 'diagonal': [1, 2]}


@MODELS.register_module()
class ViewAveraging(BaseTTAModel):
    """A detector that runs on several views; masks are averaged too.

    mmdet's ``DetTTAModel`` refuses masks and keeps the largest score of a
    lesion; here what only one view finds loses.

    Example:
        ``tools/test.py --tta``, with ``tta`` of the config

    Args:
        module: The detector, or its config.
        iou_thr: See :func:`mmuldor.functional.view_fusion.group_views`.
        max_per_img: Detections of an image.
    """

    def __init__(
        self,
        module: dict | torch.nn.Module,
        iou_thr: float = 0.5,
        max_per_img: int = 100,
    ) -> None:
        super().__init__(module)
        self.iou_thr = iou_thr
        self.max_per_img = max_per_img

    def merge_preds(
        self, data_samples_list: Sequence[Sequence[DetDataSample]]
    ) -> list[DetDataSample]:
        """Merge the views of each image.

        Args:
            data_samples_list: By image, then by view, with predictions in
                the frame of the source image as flipped.
        """
        return [self._merge(views) for views in data_samples_list]

    def _merge(self, views: Sequence[DetDataSample]) -> DetDataSample:
        found = [_unflipped(sample) for sample in views]
        together = InstanceData.cat(found)
        number = np.repeat(np.arange(len(found)), [len(f) for f in found])
        merged = [
            part
            for label in together.labels.unique()
            for part in self._fuse(
                together[together.labels == label],
                number[(together.labels == label).cpu().numpy()],
                len(found),
            )
        ]
        result = InstanceData.cat(merged) if merged else together
        order = result.scores.argsort(descending=True, stable=True)
        sample = views[0].new()
        sample.pred_instances = result[order[: self.max_per_img]]
        return sample

    def _fuse(
        self, found: InstanceData, number: np.ndarray, num_views: int
    ) -> list[InstanceData]:
        """One instance a group; ``found`` is of one class."""
        boxes = found.bboxes.double().cpu().numpy()
        scores = found.scores.double().cpu().numpy()
        fused = []
        for rows in group_views(boxes, scores, number, iou_thr=self.iou_thr):
            box, score = fuse_group(boxes[rows], scores[rows], num_views)
            one = found[torch.as_tensor(rows[:1])]
            one.bboxes = one.bboxes.new_tensor(box[None])
            one.scores = one.scores.new_tensor([score])
            if 'masks' in found:
                one.masks = _mean_mask(found.masks[torch.as_tensor(rows)])
            fused.append(one)
        return fused


def _mean_mask(masks: Tensor) -> Tensor:
    """Pixels in at least half of the masks, (1, H, W) bool."""
    return masks.float().mean(dim=0, keepdim=True) >= 0.5


def _unflipped(sample: DetDataSample) -> InstanceData:
    """Predictions of a view in the frame of the image as it is stored."""
    found = sample.pred_instances
    if not sample.get('flip'):
        return found
    direction = sample.flip_direction
    found.bboxes = bbox_flip(found.bboxes, sample.ori_shape, direction)
    if 'masks' in found:
        found.masks = found.masks.flip(_FLIPPED[direction])
    return found
