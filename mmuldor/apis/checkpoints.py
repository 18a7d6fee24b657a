"""Read checkpoints without running what is in them."""

from __future__ import annotations

import os
import pickle

import numpy as np
import torch
from mmengine.logging import HistoryBuffer


def load_safely(path: str | os.PathLike) -> dict:
    """Read a checkpoint of MMEngine; nothing but its own kinds of objects.

    A pickle can run any code. This reader knows tensors, plain values, NumPy
    arrays and the buffers of MMEngine's log, and refuses all else.

    Args:
        path: A file that ``tools/train.py`` or ``torch.save`` wrote.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no checkpoint or holds other objects.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"checkpoint '{path}' does not exist.")
    try:
        with torch.serialization.safe_globals(_known()):
            checkpoint = torch.load(
                path, map_location='cpu', weights_only=True
            )
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise ValueError(
            f"'{path}' must be a checkpoint of tensors, plain values and "
            f'MMEngine log buffers, but: {_reason(error)}.'
        ) from error
    if not isinstance(checkpoint, dict):
        raise ValueError(
            f"'{path}' must hold a dict, but holds a "
            f'{type(checkpoint).__name__}.'
        )
    return checkpoint


def _reason(error: Exception) -> str:
    """The line of torch's long advice that says what was found."""
    lines = str(error).replace('WeightsUnpickler error: ', '').split('\n')
    telling = [line for line in lines if 'GLOBAL' in line or 'getattr' in line]
    return (telling or lines)[0].strip().split('. ')[0].rstrip('.')


def _statistic(owner: object, name: str) -> object:
    """Stands for ``getattr`` in a pickle: statistics of HistoryBuffer."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise pickle.UnpicklingError(f'getattr of {owner!r} is not allowed')
    return getattr(HistoryBuffer, name)


def _known() -> list:
    multiarray = getattr(np, '_core', np.core).multiarray
    dtypes = [
        type(np.dtype(kind))
        for kind in ('f4', 'f8', 'i4', 'i8', 'u4', 'u8', 'i2', 'u1', '?')
    ]
    functions = [
        (getattr(multiarray, function), f'numpy.{core}.multiarray.{function}')
        for core in ('core', '_core')
        for function in ('_reconstruct', 'scalar')
    ]
    return [
        HistoryBuffer,
        np.ndarray,
        np.dtype,
        *dtypes,
        *functions,
        (_statistic, 'builtins.getattr'),
    ]
