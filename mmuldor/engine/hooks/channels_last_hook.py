"""Convolution weights in the layout that matrix units want."""

from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmuldor.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Keep feature maps as (N, H, W, C) in memory, for mixed precision.

    Shapes stay (N, C, H, W) and results the same but for rounding. GPUs with
    tensor cores compute convolutions in this layout; without it they turn
    every map around and back.

    Example:
        ``default_hooks = dict(channels_last=dict(
        type='mmuldor.ChannelsLastHook'))``
    """

    def before_run(self, runner: Runner) -> None:
        """Lay out the weights; what convolutions make follows them."""
        runner.model.to(memory_format=torch.channels_last)
