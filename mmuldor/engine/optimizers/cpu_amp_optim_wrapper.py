"""Mixed precision on a CPU."""

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

    MMEngine's ``AmpOptimWrapper`` needs a GPU. bfloat16 has the range of
    float32, so no loss scaling is needed. Images must be larger than 32 px:
    in bfloat16, strided convolutions of maps of one or two pixels have wrong
    gradients (torch 2.13).

    Example:
        ``optim_wrapper = dict(type='mmuldor.CPUAmpOptimWrapper')``
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Context in which a training iteration computes its losses."""
        with (
            super().optim_context(model),
            torch.autocast('cpu', dtype=torch.bfloat16),
        ):
            yield
