"""Convolution weights in the layout that matrix units want."""

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
    """Keep feature maps as (N, H, W, C) in memory.

    Shapes stay (N, C, H, W) and results the same but for rounding. GPUs with
    tensor cores and CPUs with AVX-512 compute convolutions in this layout;
    without it they turn every map around and back.

    Example:
        ``default_hooks = dict(channels_last=dict(
        type='mmuldor.ChannelsLastHook'))``
    """

    def before_run(self, runner: Runner) -> None:
        """Lay out the weights; what convolutions make follows them."""
        to_channels_last(runner.model)


def to_channels_last(model: nn.Module) -> None:
    """Lay out a model's weights, unless its gradients need a broken kernel.

    oneDNN's gradient of the weights of a strided 1x1 convolution writes
    beside its memory on a CPU, in this layout alone, where channels are left
    over beside whole vectors (seen in torch 2.13: 3 to 4 and 8 to 8 channels
    end the process; 16, 32, 64 and 256 do not, nor any unstrided one).
    """
    wrong = None
    if not any(weight.is_cuda for weight in model.parameters()):
        wrong = next(filter(_is_broken, model.modules()), None)
    if wrong is None:
        model.to(memory_format=torch.channels_last)
    else:
        print_log(
            'feature maps stay in channels-first layout: '
            f"torch's gradient of {wrong} needs multiples of {_VECTOR} "
            'channels in the other one',
            logger='current',
            level=logging.INFO,
        )


# Floats of the longest vectors, AVX-512's.
_VECTOR = 16


def _is_broken(layer: nn.Module) -> bool:
    return (
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and layer.stride != (1, 1)
        and bool(layer.in_channels % _VECTOR or layer.out_channels % _VECTOR)
    )
