"""Contiguous float32 tensors for mmcv's compiled operators.

Their CPU and GPU kernels read memory as (N, C, H, W), and mmcv does not check
the layout: maps in channels-last layout silently give wrong results. The
kernels do not support bfloat16 either.
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
    """Guard all functions of the installed ``mmcv._ext``, once.

    mmcv looks up each function when it calls it, so it gets the guarded one.
    The stand-in supports any layout and dtype and is not guarded.
    """
    extension = importlib.import_module(EXTENSION_NAME)
    if getattr(extension, '__file__', None) != str(STAND_IN_FILE):
        guard_module(extension)


def guard_module(extension: ModuleType) -> None:
    """Replace each public function of a module by a guarded one."""
    for name, value in list(vars(extension).items()):
        if callable(value) and not name.startswith('_'):
            setattr(extension, name, guarded(value))


def guarded(operator: Callable) -> Callable:
    """An operator whose tensors are made contiguous, bfloat16 made float32.

    Every copied tensor is copied back after the call: operators write their
    outputs in place, and which arguments are outputs is not known here.
    """
    if hasattr(operator, _MARK):
        return operator

    @functools.wraps(operator)
    def call(*args: Any, **kwargs: Any) -> Any:
        # By id, so that a tensor that is passed twice is copied once.
        copies: dict[int, tuple[Tensor, Tensor]] = {}
        checked = [_supported(value, copies) for value in args]
        named = {k: _supported(value, copies) for k, value in kwargs.items()}
        result = operator(*checked, **named)
        for tensor, copy in copies.values():
            if not _is_expanded(tensor):
                # Through `data`, so that autograd sees no write into inputs.
                tensor.data.copy_(copy)
        return result

    setattr(call, _MARK, True)
    return call


def _is_expanded(tensor: Tensor) -> bool:
    """Whether elements share memory, so that writing is not possible."""
    sizes = zip(tensor.shape, tensor.stride(), strict=True)
    return any(size > 1 and stride == 0 for size, stride in sizes)


def _supported(value: Any, copies: dict[int, tuple[Tensor, Tensor]]) -> Any:
    """The value itself, or a copy in a supported layout and dtype."""
    if not isinstance(value, Tensor):
        return value
    half = value.dtype == torch.bfloat16
    if not half and value.is_contiguous():
        return value
    if id(value) not in copies:
        copy = value.detach().contiguous()
        copies[id(value)] = value, copy.float() if half else copy
    return copies[id(value)][1]
