"""Optimiser wrappers."""

from mmuldor.engine.optimizers.cpu_amp_optim_wrapper import (
    CPUAmpOptimWrapper,
)

__all__ = ['CPUAmpOptimWrapper']
