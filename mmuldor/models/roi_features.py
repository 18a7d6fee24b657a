"""RoI features that do not depend on the layout and type of the maps.

mmdet's extractors cast RoIs to the type of the feature maps: in bfloat16 300.6
becomes 300 and 341.2 becomes 342, while the targets of the heads stay exact.
mmcv's RoIAlign reads maps as if they lay (N, C, H, W) in memory, whatever
their layout, and knows no bfloat16. Here, in one place, every extractor gets
float32 maps in that layout; its result has the type of the maps again. Only
the stand-in and torchvision, which take any layout, get the maps as they lie:
two copies of them a call are saved.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from torch import Tensor, nn

from mmuldor.ops import extension


def exact_roi_features(
    extractor: BaseRoIExtractor,
    feats: Sequence[Tensor],
    rois: Tensor,
    *args: Any,
    **kwargs: Any,
) -> Tensor:
    """Call an extractor on maps of float32, contiguous.

    Args:
        extractor: Any of mmdet's or a user's.
        feats: Maps (N, C, h, w), a level each, of any type and layout.
        rois: (K, 5) ``[image index, x1, y1, x2, y2]``, px of the input.
        *args: As the extractor takes them.
        **kwargs: Likewise.

    Returns:
        (K, C, P, Q) of the type of ``feats``.
    """
    kind = feats[0].dtype
    exact = torch.promote_types(kind, torch.float32)
    maps = tuple(level.to(exact) for level in feats)
    # Looked up: the module's operators can be changed.
    if sys.modules['mmcv.ops.roi_align'].ext_module is not extension:
        maps = tuple(level.contiguous() for level in maps)
    call = nn.Module.__call__
    return call(extractor, maps, rois.to(exact), *args, **kwargs).to(kind)


def use_exact_roi_features() -> None:
    """Let every extractor, also of stock configs, be called like this."""
    BaseRoIExtractor.__call__ = exact_roi_features
