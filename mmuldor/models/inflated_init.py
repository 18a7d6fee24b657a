"""Pretrained weights for images with another number of channels."""

from __future__ import annotations

import torch
from mmengine.logging import print_log
from mmengine.model.weight_init import PretrainedInit
from torch import nn

from mmuldor.registry import WEIGHT_INITIALIZERS


def inflate(weight: torch.Tensor, channels: int) -> torch.Tensor:
    """Convert kernels for RGB to kernels for slices and windows.

    Every new channel gets the mean over the old channels. The scale keeps the
    output for images whose channels are all equal (the rule of Carreira and
    Zisserman, CVPR 2017, for I3D, along another axis).

    Args:
        weight: Weight of a convolution, (out, in, height, width) float.
        channels: New number of input channels.

    Returns:
        (out, channels, height, width); ``weight`` itself if ``channels``
        equals its number of input channels.
    """
    old = weight.shape[1]
    if old == channels:
        return weight
    mean = weight.mean(dim=1, keepdim=True) * (old / channels)
    return mean.expand(-1, channels, -1, -1).contiguous()


@WEIGHT_INITIALIZERS.register_module()
class InflatedInit(PretrainedInit):
    """Load pretrained weights and inflate those of the first convolution.

    The kernels of all channels are the same then, so this convolution must
    learn: frozen, the network would see the mean of the channels.

    Example:
        ``backbone=dict(in_channels=9, frozen_stages=-1, init_cfg=dict(
        type='mmuldor.InflatedInit', checkpoint=URL_OR_FILE))``

    Args:
        checkpoint: URL or file.
        prefix: Prefix of the part to load, as for ``Pretrained``.
        map_location: Device to load to.

    Raises:
        ValueError: If the module has no convolution, or its first one gets
            several equal channels and is frozen.
    """

    def __call__(self, module: nn.Module) -> None:
        """Load the weights into a module."""
        convs = (m for m in module.modules() if isinstance(m, nn.Conv2d))
        first = next(convs, None)
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
    if name not in state:
        return
    old, new = state[name].shape[1], conv.in_channels
    if old != new > 1 and not conv.weight.requires_grad:
        raise ValueError(
            f'`{name}` must learn, since its {new} channels are inflated from '
            f'{old} and begin equal, but it is frozen. Set '
            '`frozen_stages=-1` of the backbone.'
        )
    state[name] = inflate(state[name], new)
    print_log(f'{name}: {old} channels inflated to {new}', logger='current')
