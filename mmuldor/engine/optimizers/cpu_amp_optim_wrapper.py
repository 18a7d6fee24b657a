"""Mixed precision where there is no GPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmuldor.registry import OPTIM_WRAPPERS


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Compute losses in bfloat16 on a CPU; weights and steps stay float32.

    MMEngine's ``AmpOptimWrapper`` asks for a GPU. bfloat16 has float32's
    range, so losses need no scale. Images must be wider than 32 px: strided
    convolutions of maps one or two pixels wide have wrong gradients in
    bfloat16 (torch 2.13).

    Example:
        ``optim_wrapper = dict(type='mmuldor.CPUAmpOptimWrapper')``
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """What a training iteration computes its losses in."""
        with (
            super().optim_context(model),
            torch.autocast('cpu', dtype=torch.bfloat16),
        ):
            yield
