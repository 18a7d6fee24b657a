"""RoI features that do not depend on memory layout and dtype of the maps.

mmdet's extractors cast RoIs to the dtype of the feature maps. In bfloat16
300.6 becomes 300 and 341.2 becomes 342, while the targets of the heads stay
exact. mmcv's RoIAlign reads memory as (N, C, H, W), even if the maps have
another layout, and does not support bfloat16. Therefore every extractor gets
contiguous float32 maps, and its result is cast back to the dtype of the maps.
The stand-in and torchvision accept any layout: for them the maps are not made
contiguous, which saves two copies a call.
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
    """Call an extractor on contiguous maps of at least float32.

    Args:
        extractor: An extractor of mmdet or of a user.
        feats: Maps (N, C, h, w), one a level, of any float dtype and layout.
        rois: (K, 5) ``[image index, x1, y1, x2, y2]``, px of the network's
            input.
        *args: Further arguments of the extractor.
        **kwargs: Further arguments of the extractor.

    Returns:
        (K, C, P, Q) of the dtype of ``feats``.
    """
    dtype = feats[0].dtype
    exact = torch.promote_types(dtype, torch.float32)
    maps = tuple(level.to(exact) for level in feats)
    # Looked up at each call, since tests replace the module's operators.
    operators = sys.modules['mmcv.ops.roi_align'].ext_module
    # By file: mmcv imports the stand-in under another name.
    if getattr(operators, '__file__', None) != extension.__file__:
        maps = tuple(level.contiguous() for level in maps)
    call = nn.Module.__call__
    return call(extractor, maps, rois.to(exact), *args, **kwargs).to(dtype)


def use_exact_roi_features() -> None:
    """Apply :func:`exact_roi_features` to all extractors, mmdet's too."""
    BaseRoIExtractor.__call__ = exact_roi_features
