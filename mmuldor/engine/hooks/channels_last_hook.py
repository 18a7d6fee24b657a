"""Channels-last memory layout for faster convolutions."""

from __future__ import annotations

import logging

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store feature maps as (N, H, W, C) in memory.

    Shapes stay (N, C, H, W), and results change only by rounding. GPUs with
    tensor cores and CPUs with AVX-512 compute convolutions in this layout and
    would otherwise convert every map before and after.

    Example:
        ``default_hooks = dict(channels_last=dict(
        type='mmuldor.ChannelsLastHook'))``
    """

    def before_run(self, runner: Runner) -> None:
        """Convert the weights; outputs of convolutions then follow them."""
        to_channels_last(runner.model)


def to_channels_last(model: nn.Module) -> None:
    """Convert a model's weights, unless its gradients need a broken kernel.

    On a CPU in this layout, oneDNN's weight gradient of a strided 1x1
    convolution writes outside its memory unless the numbers of channels are
    multiples of the vector length. Seen in torch 2.13: 3 to 4 and 8 to 8
    channels crash; 16, 32, 64 and 256 do not, nor do unstrided convolutions.
    """
    broken = None
    if not any(weight.is_cuda for weight in model.parameters()):
        broken = next(filter(_is_broken, model.modules()), None)
    if broken is None:
        # torch's types know no layout of modules.
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    else:
        print_log(
            'feature maps stay in channels-first layout: '
            f"torch's gradient of {broken} needs multiples of {_VECTOR} "
            'channels in the channels-last layout',
            logger='current',
            level=logging.INFO,
        )


# float32 values in a vector of AVX-512, the longest in use.
_VECTOR = 16


def _is_broken(layer: nn.Module) -> bool:
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and bool(layer.in_channels % _VECTOR or layer.out_channels % _VECTOR)
    )
