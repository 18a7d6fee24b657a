"""What mmcv's compiled operators need of their tensors, given to them.

Their kernels, on CPU and GPU alike, read raw memory as (N, C, H, W), and
nothing in mmcv asks whether a tensor lies so: maps in channels-last layout
give scrambled results, in silence. They know no bfloat16 either.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from mmuldor.ops.finder import EXTENSION_NAME, STAND_IN_FILE

_MARK = '_mmuldor_guarded'


def guard_extension() -> None:
    """Guard all functions of the ``mmcv._ext`` in use, once.

    mmcv looks each function up when it calls it, so it gets the guarded one.
    The stand-in reads any layout and type and is left alone.
    """
    extension = importlib.import_module(EXTENSION_NAME)
    if getattr(extension, '__file__', None) != str(STAND_IN_FILE):
        guard_module(extension)


def guard_module(extension: ModuleType) -> None:
    """Replace each public function of a module by its guarded one."""
    for name, value in list(vars(extension).items()):
        if callable(value) and not name.startswith('_'):
            setattr(extension, name, guarded(value))


def guarded(operator: Callable) -> Callable:
    """An operator that gets contiguous tensors, bfloat16 as float32.

    What it writes into such a tensor is copied back: the operators fill their
    outputs in place and do not say which arguments those are.
    """
    if hasattr(operator, _MARK):
        return operator

    @functools.wraps(operator)
    def call(*args: Any, **kwargs: Any) -> Any:
        # One copy a tensor, also where it is passed twice.
        copies: dict[int, tuple[Tensor, Tensor]] = {}
        plain = [_plain(value, copies) for value in args]
        named = {k: _plain(value, copies) for k, value in kwargs.items()}
        result = operator(*plain, **named)
        for tensor, copy in copies.values():
            if not _is_expanded(tensor):
                # `data`: autograd need not hear of inputs that stay the same.
                tensor.data.copy_(copy)
        return result

    setattr(call, _MARK, True)
    return call


def _is_expanded(tensor: Tensor) -> bool:
    """Whether elements share memory: nothing can be written into it."""
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    return any(size > 1 and stride == 0 for size, stride in sizes)


def _plain(value: Any, copies: dict[int, tuple[Tensor, Tensor]]) -> Any:
    if not isinstance(value, Tensor):
        return value
    half = value.dtype == torch.bfloat16
    if not half and value.is_contiguous():
        return value
    if id(value) not in copies:
        copy = value.detach().contiguous()
        copies[id(value)] = value, copy.float() if half else copy
    return copies[id(value)][1]
