"""The boxes of mmdet's RPN before NMS.

mmdet's dense heads can skip NMS (``with_nms=False``), but its RPN cannot:
filter and NMS are one private method, which is skipped here. Seen with
onedl-mmdetection 3.5.1, for ``>=3.5.1,<3.6``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mmdet.models.dense_heads import RPNHead
from mmengine.structures import InstanceData
from torch import Tensor, nn

# Methods that process the maps of a head.
_STEPS = (
    *('predict', 'predict_by_feat', '_predict_by_feat_single'),
    '_bbox_post_process',
)


def is_plain_rpn(head: nn.Module) -> bool:
    """Whether a head is an RPN that overrides none of these methods."""
    head_class = type(head)
    return isinstance(head, RPNHead) and all(
        getattr(head_class, name) is getattr(RPNHead, name) for name in _STEPS
    )


def boxes_before_nms(
    head: RPNHead, features: Sequence[Tensor], metas: list[dict]
) -> list[InstanceData]:
    """Decoded boxes of an RPN before the size filter and NMS.

    Args:
        head: See :func:`is_plain_rpn`.
        features: Maps (N, C, h, w) of the batch, one a level.
        metas: ``metainfo`` of each image's data sample.

    Returns:
        For each image ``bboxes`` (n, 4) in px of the network's input,
        ``scores`` and ``level_ids`` (n,), at most ``nms_pre`` a level.
    """
    # A shallow copy, so that the head itself keeps its NMS.
    without_nms = copy.copy(head)
    without_nms._bbox_post_process = lambda results, **_: results
    return RPNHead.predict_by_feat(
        without_nms, *head(features), batch_img_metas=metas, rescale=False
    )
