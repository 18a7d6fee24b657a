"""Pretrained weights for images of another number of channels."""

from __future__ import annotations

import torch
from mmengine.logging import print_log
from mmengine.model.weight_init import PretrainedInit
from torch import nn

from mmuldor.registry import WEIGHT_INITIALIZERS


def inflate(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """Turn kernels for RGB into kernels for slices and windows.

    Every new channel gets the mean over the old ones, scaled so that an
    image whose channels are all equal gets the answer that it had (the rule
    of Carreira and Zisserman, CVPR 2017, for I3D, along another axis).

    Args:
        weight: Of a convolution, (out, in, height, width).
        channels: Of the image; as many as before leave the weight as it is.

    Returns:
        (out, channels, height, width).
    """
    old = weight.shape[1]
    if old == channels:
        return weight
    mean = weight.mean(dim=1, keepdim=True) * (old / channels)
    return mean.expand(-1, channels, -1, -1).contiguous()


@WEIGHT_INITIALIZERS.register_module()
class InflatedInit(PretrainedInit):
    """Load pretrained weights, the first convolution's inflated.

    Example:
        ``backbone=dict(in_channels=9, init_cfg=dict(
        type='mmuldor.InflatedInit', checkpoint=URL_OR_FILE))``

    Args:
        checkpoint: URL or file.
        prefix: Part of a larger model in it, as for ``Pretrained``.
        map_location: Device to load to.

    Raises:
        ValueError: If the module has no convolution.
    """

    def __call__(self, module: nn.Module) -> None:
        """Load into a module."""
        found = (m for m in module.modules() if isinstance(m, nn.Conv2d))
        first = next(found, None)
        if first is None:
            raise ValueError(
                'InflatedInit needs a module with a convolution, but got '
                f'{type(module).__name__}.'
            )
        handle = first.register_load_state_dict_pre_hook(_inflate_entry)
        try:
            super().__call__(module)
        finally:
            handle.remove()


def _inflate_entry(
    conv: nn.Conv2d, state: dict, prefix: str, *_: object
) -> None:
    name = f'{prefix}weight'
    if name in state:
        old = state[name].shape[1]
        state[name] = inflate(state[name], conv.in_channels)
        print_log(
            f'{name}: {old} channels inflated to {conv.in_channels}',
            logger='current',
        )
