"""The functions and classes that a checkpoint may use while it is read.

torch's ``weights_only`` has an allowlist that callers can extend but not
reduce. Some of its functions let a file of a few bytes allocate all memory:
``bytearray(10**11)``, repeated hex encoding, or a tensor that repeats one
number and is converted. The list is a dict that a private function caches;
here it is reduced while a checkpoint is read. Seen with torch 2.13, for
``>=2.4,<2.15``.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Iterator

import numpy as np
import torch
from mmengine.logging import HistoryBuffer
from torch.serialization import safe_globals

# The entries of torch's list that checkpoints need.
_KEPT = {
    *('collections.Counter', 'collections.OrderedDict', 'builtins.set'),
    *('torch.Size', 'torch.device', 'torch.nn.parameter.Parameter'),
    *('torch._utils._rebuild_parameter', 'torch._utils._rebuild_tensor'),
    'torch._utils._rebuild_tensor_v2',
}
# NumPy dtypes in MMEngine's log.
_NUMBERS = ('f4', 'f8', 'i4', 'i8', 'u4', 'u8', 'i2', 'u1', 'b1')
# Methods of a HistoryBuffer that its pickle names.
_STATISTICS = ('current', 'max', 'mean', 'min')


@contextlib.contextmanager
def reduced_allowlist() -> Iterator[None]:
    """Let ``torch.load`` use only what MMEngine's checkpoints need."""
    with _reduced_list(), safe_globals(_allowlist()):
        yield


@contextlib.contextmanager
def _reduced_list() -> Iterator[None]:
    """Remove all but `_KEPT` and dtypes from torch's list, then restore it."""
    allowed = torch._weights_only_unpickler._get_allowed_globals()
    original = dict(allowed)
    dtypes = (torch.dtype, torch.serialization.StorageType)
    for name, value in original.items():
        if name not in _KEPT and not isinstance(value, dtypes):
            del allowed[name]
    try:
        yield
    finally:
        allowed.update(original)


def _statistic(owner: object, name: str) -> object:
    """Replaces ``getattr`` in a pickle: statistics of HistoryBuffer only."""
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(f'getattr of {owner!r} is not allowed')
    return getattr(HistoryBuffer, name)


def _latin1(text: str, encoding: str) -> bytes:
    """Replaces ``_codecs.encode``, with which pickles store bytes."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError('GLOBAL encode is for latin1 alone')
    return text.encode(encoding)


def _dtype(name: str, align: bool = False, copy: bool = False) -> np.dtype:
    """Replaces ``numpy.dtype``: dtypes of numbers only."""
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
