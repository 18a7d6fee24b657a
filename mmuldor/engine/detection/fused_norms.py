"""Norms of evaluation, computed by the convolutions before them."""

from __future__ import annotations

import copy

from mmcv.cnn import fuse_conv_bn
from torch import nn


def fuse_norms(model: nn.Module) -> nn.Module:
    """Let convolutions do the work of the BatchNorms that follow them.

    The results of evaluation change by rounding only. mmcv changes a
    convolution where it is, once for every norm behind it. Heads such as
    RTMDet's use one convolution with a norm of each level, so each use gets a
    copy of its own first.

    Args:
        model: In evaluation mode; changed in place.

    Returns:
        The model.
    """
    seen: set[int] = set()
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if not isinstance(child, nn.Conv2d):
                continue
            if id(child) in seen:
                setattr(parent, name, copy.deepcopy(child))
            seen.add(id(child))
    return fuse_conv_bn(model)
