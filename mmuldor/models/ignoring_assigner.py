"""RTMDet's assigner, which leaves ignored regions out of the loss."""

from __future__ import annotations

from mmdet.models.task_modules.assigners import (
    AssignResult,
    DynamicSoftLabelAssigner,
)
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData

from mmuldor.registry import TASK_UTILS


@TASK_UTILS.register_module()
class IgnoringSoftLabelAssigner(DynamicSoftLabelAssigner):
    """`DynamicSoftLabelAssigner` that knows ignored regions.

    mmdet's takes ignored instances and does not use them, so that the model
    learns background there. Here a prior whose centre lies in one of them,
    and which no lesion takes, is neither positive nor negative (-1). Priors
    of RTMDet are points, which have no IoF with a region.

    Args:
        *args: As of mmdet's.
        **kwargs: As of mmdet's.

    Example:
        ``train_cfg=dict(assigner=dict(
        type='mmuldor.IgnoringSoftLabelAssigner', topk=13))``
    """

    # As `mmuldor.engine.detection.heads.assigners_of_background` asks.
    ignores_regions = True

    def assign(
        self,
        pred_instances: InstanceData,
        gt_instances: InstanceData,
        gt_instances_ignore: InstanceData | None = None,
        **kwargs,
    ) -> AssignResult:
        """Assign lesions to priors, as mmdet's, then ignore."""
        result = super().assign(
            pred_instances, gt_instances, gt_instances_ignore, **kwargs
        )
        if gt_instances_ignore is None or not len(gt_instances_ignore):
            return result
        boxes = get_box_tensor(gt_instances_ignore.bboxes)
        centres = pred_instances.priors[:, None, :2]
        inside = (centres >= boxes[:, :2]) & (centres <= boxes[:, 2:])
        ignored = inside.all(dim=-1).any(dim=-1)
        result.gt_inds[ignored & (result.gt_inds == 0)] = -1
        return result
