"""Maximum rates of a device, and the operations of a training iteration."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.models import synchronise
from benchmarks.timing import alternate
from mmuldor.upstream.torch_dispatch import (
    TorchDispatchMode,
    is_mutable,
    tree_leaves,
)


def matrix_rate(device: str, dtype: torch.dtype) -> float:
    """Highest measured rate of square matrix products, operations a second.

    In TF32 if the GPU has it, as convolutions use it by default.
    """
    sides = (4096, 8192) if device != 'cpu' else (1024, 2048)
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('high' if device != 'cpu' else before)
    try:
        return max(_matrix_rate(device, dtype, side) for side in sides)
    finally:
        torch.set_float32_matmul_precision(before)


def _matrix_rate(device: str, dtype: torch.dtype, side: int) -> float:
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in 'ab')
    return 2 * side**3 / _seconds(lambda: a @ b, device)


def copy_rate(device: str) -> float:
    """Bytes a second, read plus written, of a copy larger than any cache."""
    source = torch.ones(2**28, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _seconds(lambda: target.copy_(source), device)


def flops(work: Callable[[], object]) -> int:
    """Floating-point operations of matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def traffic(work: Callable[[], object]) -> int:
    """Bytes of all operators' inputs and outputs, as if there was no cache."""
    with _Traffic() as counter:
        work()
    return counter.total


class _Traffic(TorchDispatchMode):
    """Adds up the bytes of inputs and outputs of every operator."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        inputs, outputs = _tensors((args, kwargs)), _tensors(result)
        storages = {tensor.untyped_storage().data_ptr() for tensor in inputs}
        # Views and empty tensors read and write no element.
        is_view = not is_mutable(func) and any(
            tensor.untyped_storage().data_ptr() in storages
            for tensor in outputs
        )
        if not is_view and 'empty' not in func.name():
            self.total += sum(tensor.nbytes for tensor in inputs + outputs)
        return result


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if torch.is_tensor(leaf)]


def _seconds(work: Callable[[], object], device: str) -> float:
    times = alternate({'work': work}, 5, synchronise(device))
    return float(np.median(times['work']))
