"""The boxes of mmdet's RPN before their NMS.

mmdet's dense heads can leave the NMS out (``with_nms=False``), but its RPN
cannot: filter and NMS are one private method, which is left out here. Seen
with onedl-mmdetection 3.5.1, for ``>=3.5.1,<3.6``.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

from mmdet.models.dense_heads import RPNHead
from mmengine.structures import InstanceData
from torch import Tensor, nn

# What follows a head's maps.
_STEPS = (
    *('predict', 'predict_by_feat', '_predict_by_feat_single'),
    '_bbox_post_process',
)


def is_plain_rpn(head: nn.Module) -> bool:
    """Whether what follows a head's maps is what mmdet's RPN does."""
    kind = type(head)
    return isinstance(head, RPNHead) and all(
        getattr(kind, name) is getattr(RPNHead, name) for name in _STEPS
    )


def boxes_before_nms(
    head: RPNHead, features: Sequence[Tensor], metas: list[dict]
) -> list[InstanceData]:
    """What an RPN finds, of any size and many times over.

    Args:
        head: See :func:`is_plain_rpn`.
        features: Maps of the batch.
        metas: Facts of each image, as mmdet has them.

    Returns:
        ``bboxes`` (n, 4) px of the input, ``scores`` and ``level_ids`` (n,) of
        each image, at most ``nms_pre`` a level.
    """
    twin = copy.copy(head)
    twin._bbox_post_process = lambda results, **_: results
    return RPNHead.predict_by_feat(
        twin, *head(features), batch_img_metas=metas, rescale=False
    )
