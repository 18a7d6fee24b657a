"""A pretended second device, to find tensors that stay on the first.

Tensors of the device 'meta' whose values are kept on the CPU: everything is
computed, and an operation on tensors of both devices is an error, as on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import (
    TorchDispatchMode,
    return_and_correct_aliasing,
)
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device('meta')
aten = torch.ops.aten
# On a GPU, too, these take tensors of both.
_MIXES = {
    aten.copy_.default,
    aten._to_copy.default,
    # An index may be on the host.
    aten.index.Tensor,
    aten.index_put_.default,
    aten.index_put.default,
    aten._index_put_impl_.default,
}


class OtherTensor(Tensor):
    """A tensor that says it is on the other device."""

    @staticmethod
    def __new__(cls, values: Tensor) -> OtherTensor:
        """Wrap values of the CPU."""
        return Tensor._make_wrapper_subclass(
            cls,
            values.shape,
            strides=values.stride(),
            storage_offset=values.storage_offset(),
            dtype=values.dtype,
            device=DEVICE,
            requires_grad=values.requires_grad,
        )

    def __init__(self, values: Tensor) -> None:
        self.values = values.detach()

    def __repr__(self) -> str:
        return f'OtherTensor({self.values})'

    def tolist(self) -> list:
        """As of any device."""
        return self.values.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        """Compute where all tensors are elsewhere."""
        return compute(func, args, kwargs or {})


class _FromData(TorchFunctionMode):
    """Tensors of Python's numbers, which torch makes out of our sight."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func in (Tensor.__getitem__, Tensor.__setitem__):
            own, index, *args = args
            return func(own, _with_tensors(index), *args)
        if func is Tensor.new_tensor:
            own, *args = args
            kwargs.setdefault('dtype', own.dtype)
            kwargs.setdefault('device', own.device)
            func = torch.tensor
        if func in (torch.tensor, torch.as_tensor):
            device = kwargs.pop('device', None)
            if device is None:
                return func(*args, **kwargs)
            device = torch.device(device)
            if device.type == DEVICE.type:
                return func(*args, **kwargs).to(device)
            kwargs['device'] = device
        return func(*args, **kwargs)


def _with_tensors(index):
    """An index with tensors in place of its lists."""
    if isinstance(index, tuple):
        return tuple(map(_with_tensors, index))
    return torch.tensor(index) if isinstance(index, list) else index


class OtherDevice(TorchDispatchMode):
    """While it is on, factories make tensors there that are asked to."""

    def __enter__(self):
        self._from_data = _FromData()
        self._from_data.__enter__()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        self._from_data.__exit__(*error)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Catch what is made or moved by its device."""
        return compute(func, args, kwargs or {})


def compute(func: Callable, args: tuple, kwargs: dict):
    """Run an operation on the values, and say where its results are."""
    flat, _ = tree_flatten((args, kwargs))
    tensors = [part for part in flat if isinstance(part, Tensor)]
    there = any(isinstance(part, OtherTensor) for part in tensors)
    plain = [part for part in tensors if not isinstance(part, OtherTensor)]
    if any(part.device == DEVICE for part in plain):
        raise NotImplementedError(f'{func}: a tensor was made out of sight')
    here = [part for part in plain if part.ndim > 0]
    if there and here and func not in _MIXES:
        shapes = [tuple(part.shape) for part in here]
        raise RuntimeError(
            f'{func}: expected all tensors to be on the same device, but '
            f'those of {shapes} are on the CPU'
        )
    asked = kwargs.get('device')
    if asked is not None:
        there = torch.device(asked).type == DEVICE.type
        kwargs = {**kwargs, 'device': torch.device('cpu')}
    elif func is aten.copy_.default:
        there = isinstance(args[0], OtherTensor)

    def unwrap(part):
        return part.values if isinstance(part, OtherTensor) else part

    with torch._C._DisableTorchDispatch():
        found = func(*tree_map(unwrap, args), **tree_map(unwrap, kwargs))
    if not there:
        return found

    def wrap(part):
        return OtherTensor(part) if isinstance(part, Tensor) else part

    return return_and_correct_aliasing(
        func, args, kwargs, tree_map(wrap, found)
    )


def move(model: nn.Module) -> nn.Module:
    """Move a model's parameters and buffers there."""
    for module in model.modules():
        for name, value in list(module._parameters.items()):
            if value is not None:
                there = OtherTensor(value.detach().clone())
                module._parameters[name] = nn.Parameter(
                    there, requires_grad=value.requires_grad
                )
        for name, value in list(module._buffers.items()):
            if value is not None:
                module._buffers[name] = OtherTensor(value.clone())
    return model
