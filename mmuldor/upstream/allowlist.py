"""What a checkpoint may call while it is read.

torch's ``weights_only`` reads by a list of its own, which a caller can add to
but not shorten, and which has functions that make much of little: a few bytes
are enough for ``bytearray(10**11)``, for hex digits of hex digits, or for a
tensor that repeats one number and is converted. The list is a dict that a
private function makes once and keeps; here it is shortened while a checkpoint
is read. Seen with torch 2.13, for ``>=2.4,<2.15``.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch.serialization import safe_globals

# Of torch's own list, what checkpoints are made of.
_KEPT = {
    *('collections.Counter', 'collections.OrderedDict', 'builtins.set'),
    *('torch.Size', 'torch.device', 'torch.nn.parameter.Parameter'),
    *('torch._utils._rebuild_parameter', 'torch._utils._rebuild_tensor'),
    'torch._utils._rebuild_tensor_v2',
}
# Types of NumPy's numbers in MMEngine's log.
_NUMBERS = ('f4', 'f8', 'i4', 'i8', 'u4', 'u8', 'i2', 'u1', 'b1')
# Of a HistoryBuffer.
_STATISTICS = ('current', 'max', 'mean', 'min')


@contextlib.contextmanager
def reduced_allowlist() -> Iterator[None]:
    """Let ``torch.load`` call what MMEngine's checkpoints need, no more."""
    with _reduced_list(), safe_globals(_allowlist()):
        yield


@contextlib.contextmanager
def _reduced_list() -> Iterator[None]:
    """Torch's list, but for what makes much of little; then whole again."""
    listed = torch._weights_only_unpickler._get_allowed_globals()
    whole = dict(listed)
    kinds = (torch.dtype, torch.serialization.StorageType)
    for name, value in whole.items():
        if name not in _KEPT and not isinstance(value, kinds):
            del listed[name]
    try:
        yield
    finally:
        listed.update(whole)


def _statistic(owner: object, name: str) -> object:
    """Stands for ``getattr`` in a pickle: statistics of HistoryBuffer."""
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(f'getattr of {owner!r} is not allowed')
    return getattr(HistoryBuffer, name)


def _latin1(text: str, encoding: str) -> bytes:
    """Stands for ``_codecs.encode``, by which pickles hold bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError('GLOBAL encode is for latin1 alone')
    return text.encode(encoding)


def _dtype(name: str, align: bool = False, copy: bool = False) -> np.dtype:
    """Stands for ``numpy.dtype``: plain numbers."""
    if name not in _NUMBERS:
        raise pickle.UnpicklingError('GLOBAL numpy.dtype is for numbers alone')
    return np.dtype(name, align, copy)


def _allowlist() -> list:
    multiarray = getattr(np, '_core', np.core).multiarray
    functions = [
        (getattr(multiarray, function), f'numpy.{core}.multiarray.{function}')
        for core in ('core', '_core')
        for function in ('_reconstruct', 'scalar')
    ]
    return [
        HistoryBuffer,
        np.ndarray,
        *(type(np.dtype(name)) for name in _NUMBERS),
        *functions,
        (_statistic, 'builtins.getattr'),
        (_latin1, '_codecs.encode'),
        (_dtype, 'numpy.dtype'),
    ]
