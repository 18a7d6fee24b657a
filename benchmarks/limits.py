"""What a device could do at most, and what a training iteration asks of it."""

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
    """The best measured rate of square matrices, two operations an element.

    In TF32 where a GPU has it: its convolutions take that by default.
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
    """Bytes a second, read and written, of a copy that no cache holds."""
    source = torch.ones(2**28, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _seconds(lambda: target.copy_(source), device)


def flops(work: Callable[[], object]) -> int:
    """Floating-point operations of its matrix products and convolutions."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def traffic(work: Callable[[], object]) -> int:
    """Bytes of all operators' inputs and outputs, as if no cache held any."""
    with _Traffic() as counter:
        work()
    return counter.total


class _Traffic(TorchDispatchMode):
    """Adds up what every operator is given and gives."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        given, gives = _tensors((args, kwargs)), _tensors(found)
        places = {tensor.untyped_storage().data_ptr() for tensor in given}
        # Views and empty memory touch no element.
        is_view = not is_mutable(func) and any(
            tensor.untyped_storage().data_ptr() in places for tensor in gives
        )
        if not is_view and 'empty' not in func.name():
            self.total += sum(tensor.nbytes for tensor in given + gives)
        return found


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if torch.is_tensor(leaf)]


def _seconds(work: Callable[[], object], device: str) -> float:
    times = alternate({'work': work}, 5, synchronise(device))
    return float(np.median(times['work']))
