"""Read checkpoints without running what is in them."""

from __future__ import annotations

import contextlib
import os
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from torch.serialization import safe_globals

UNSAFE_OPTION = '--allow-unsafe-checkpoint'
# torch.save writes zip archives, before 1.6 bare pickles.
_STARTS = (b'PK', b'\x80\x02')
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
_allowed_unsafe = False


class UnsafeCheckpointError(ValueError):
    """A checkpoint holds what only running it would read."""


def load_safely(
    path: str | os.PathLike, map_location: str | Callable = 'cpu'
) -> dict:
    """Read a checkpoint of MMEngine; nothing but its own kinds of objects.

    A pickle can run any code. This reader knows tensors, plain values, NumPy
    arrays and the buffers of MMEngine's log, and refuses all else. What it
    reads takes no more memory than the file is large. The config that some
    checkpoints carry as text (``meta['config']``) is left out, since
    ``Runner.resume`` would run it.

    Args:
        path: A file that ``tools/train.py`` or ``torch.save`` wrote.
        map_location: As for ``torch.load``.

    Raises:
        FileNotFoundError: If there is no such file.
        UnsafeCheckpointError: If it holds other objects.
        ValueError: If it is no checkpoint.
    """
    check_file(path)
    try:
        with _reduced_list(), safe_globals(_allowlist()):
            checkpoint = torch.load(
                path, map_location=map_location, weights_only=True
            )
    # Damaged and hostile files make the unpickler raise whatever there is.
    except Exception as error:
        kind = UnsafeCheckpointError if _global_lines(error) else ValueError
        raise kind(
            f"'{path}' must be a checkpoint of tensors, plain values and "
            f'MMEngine log buffers, but: {_reason(error)}.'
        ) from error
    if not isinstance(checkpoint, dict):
        raise ValueError(
            f"'{path}' must hold a dict, but holds a "
            f'{type(checkpoint).__name__}.'
        )
    _check_tensors(checkpoint, path)
    if isinstance(checkpoint.get('meta'), dict):
        checkpoint['meta'].pop('config', None)
    return checkpoint


def check_file(path: str | os.PathLike) -> None:
    """Look at a checkpoint's first bytes and its table of contents.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not what ``torch.save`` writes, or would unpack
            to more than it holds.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"checkpoint '{path}' does not exist. `tools/train.py` writes "
            'them as `epoch_N.pth` to its work dir.'
        )
    with open(path, 'rb') as file:
        start = file.read(2)
    if start not in _STARTS:
        raise ValueError(
            f"'{path}' must be a checkpoint as torch.save writes it, but it "
            f'starts with {start!r}.'
        )
    if start != b'PK':
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    # zipfile raises many kinds on damaged archives.
    except Exception as error:
        raise ValueError(
            f"'{path}' must be a checkpoint that is whole, but: {error}. Was "
            'it cut off? Copy or train it anew.'
        ) from error
    # torch.save stores without compression.
    if unpacked > os.path.getsize(path):
        raise ValueError(
            f"'{path}' must be a checkpoint as torch.save writes it, but its "
            f'{os.path.getsize(path):,} bytes would unpack to {unpacked:,}.'
        )


def guard_checkpoints() -> None:
    """Let all of MMEngine read checkpoints by :func:`load_safely`.

    Without this, ``load_from``, ``resume``, ``init_cfg`` and the rest unpickle
    whatever ``weights_only`` refuses. A checkpoint must be a file or an
    http(s) URL.
    """
    CheckpointLoader._schemes = {}
    CheckpointLoader.register_scheme(r'\S+://', load_from_other)
    CheckpointLoader.register_scheme(('http://', 'https://'), load_from_url)
    CheckpointLoader.register_scheme('', load_from_file)


@contextlib.contextmanager
def unsafe_checkpoints(allowed: bool = True) -> Iterator[None]:
    """Let MMEngine unpickle checkpoints whole, and run what they hold."""
    global _allowed_unsafe
    before, _allowed_unsafe = _allowed_unsafe, allowed
    try:
        yield
    finally:
        _allowed_unsafe = before


def load_from_file(path: str, map_location: str | Callable = 'cpu') -> dict:
    """MMEngine's loader of files: safe unless :func:`unsafe_checkpoints`."""
    path = os.path.expanduser(path)
    if _allowed_unsafe:
        check_file(path)
        return torch.load(path, map_location=map_location, weights_only=False)
    try:
        return load_safely(path, map_location or 'cpu')
    except UnsafeCheckpointError as error:
        raise ValueError(
            f'{error} Only if you trust whoever made it: `{UNSAFE_OPTION}` '
            'runs what is in it.'
        ) from error


def load_from_url(url: str, map_location: str | Callable = 'cpu') -> dict:
    """Download once a machine, to where torch.hub keeps its files."""
    folder = Path(torch.hub.get_dir()) / 'checkpoints'
    path = folder / (Path(urlparse(url).path).name or 'checkpoint')
    problem = ''
    # Launchers say which process of a machine this is; MMEngine's own answer
    # needs a group that it never makes.
    if os.environ.get('LOCAL_RANK', '0') == '0' and not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path))
        except (OSError, ValueError) as error:
            problem = str(error) or type(error).__name__
    # All processes end with the same words, none waits for the others.
    problem = next(filter(None, all_gather_object(problem)), '')
    if problem:
        raise OSError(
            f"checkpoint '{url}' could not be fetched: {problem}. Download it "
            'by other means and name the file.'
        )
    return load_from_file(str(path), map_location)


def load_from_other(url: str, map_location: str | Callable = 'cpu') -> dict:
    """MMEngine's loader of all other schemes: none is read."""
    raise ValueError(
        f"checkpoint '{url}' must be a file or start with https://."
    )


def _check_tensors(loaded: dict, path: str | os.PathLike) -> None:
    """Raise ValueError where a tensor is larger than what is stored of it.

    Whoever copies it, as an optimizer does, would need the memory.
    """
    waiting: list[tuple[str, object]] = [('', loaded)]
    seen = set()
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, torch.Tensor):
            _check_tensor(value, name, path)
        elif isinstance(value, (Mapping, list, tuple)):
            # A pickle may hold a list that holds itself.
            if id(value) in seen:
                continue
            seen.add(id(value))
            named = isinstance(value, Mapping)
            pairs = value.items() if named else enumerate(value)
            waiting += [(str(key), inside) for key, inside in pairs]


def _check_tensor(
    tensor: torch.Tensor, name: str, path: str | os.PathLike
) -> None:
    if tensor.layout != torch.strided:
        raise ValueError(
            f"'{path}': tensor `{name}` must be dense, but is of "
            f'{tensor.layout}.'
        )
    size = tensor.numel() * tensor.element_size()
    if size > tensor.untyped_storage().nbytes():
        raise ValueError(
            f"'{path}': tensor `{name}` must be stored whole, but of "
            f'{size:,} bytes {tensor.untyped_storage().nbytes():,} are.'
        )


def _global_lines(error: Exception) -> list[str]:
    """The lines of torch's long advice that say what was refused."""
    lines = str(error).replace('WeightsUnpickler error: ', '').split('\n')
    return [line for line in lines if 'GLOBAL' in line or 'getattr' in line]


def _reason(error: Exception) -> str:
    """What was found, in a sentence without its full stop."""
    text = str(error).replace('WeightsUnpickler error: ', '')
    lines = _global_lines(error) or text.split('\n')
    reason = lines[0].strip().split('. ')[0].rstrip('.')
    return reason or type(error).__name__


@contextlib.contextmanager
def _reduced_list() -> Iterator[None]:
    """Torch's list of what may be called, without what makes much of little.

    A few bytes are enough for ``bytearray(10**11)``, for hex digits of hex
    digits, or for a tensor that repeats one number and is converted.
    """
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


def _dtype(name: str, *flags: bool) -> np.dtype:
    """Stands for ``numpy.dtype``: plain numbers."""
    if name not in _NUMBERS:
        raise pickle.UnpicklingError('GLOBAL numpy.dtype is for numbers alone')
    return np.dtype(name, *flags)


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
