"""Read checkpoints without executing code in them.

torch's ``weights_only`` refuses unknown objects. But it accepts tensors that
are larger than their storage and zip archives that unpack to more than their
size. The reason of a refusal is only in the text of its errors. Seen with
torch 2.13, for ``>=2.4,<2.15``.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Mapping

import torch

from mmuldor.commands import command_name
from mmuldor.upstream.allowlist import reduced_allowlist

# torch.save writes zip archives, before 1.6 bare pickles.
_STARTS = (b'PK', b'\x80\x02')


# Reads files of another kind that hold weights; None is none of its kind.
Reader = Callable[[str | os.PathLike], dict | None]
_other_reader: Reader = lambda path: None  # noqa: E731


def read_also(reader: Reader) -> None:
    """Let :func:`load_safely` read files of another kind, too.

    Args:
        reader: Gets a path; returns what a checkpoint holds, or None if the
            file is not of its kind.
    """
    global _other_reader
    _other_reader = reader


def read_other(path: str | os.PathLike) -> dict | None:
    """What a file of another kind holds; see :func:`read_also`."""
    return _other_reader(path)


class UnsafeCheckpointError(ValueError):
    """A checkpoint has objects that only a full, unsafe unpickler reads."""


def load_safely(
    path: str | os.PathLike, map_location: str | Callable = 'cpu'
) -> dict:
    """Read a checkpoint of MMEngine without executing code in it.

    A pickle can run any code. This reader accepts tensors, plain values, NumPy
    arrays and the buffers of MMEngine's log, and refuses all other objects.
    The result needs no more memory than the file's size. The config text in
    some checkpoints (``meta['config']``) is dropped, since ``Runner.resume``
    would execute it.

    Args:
        path: A file that ``tools/train.py`` or ``torch.save`` wrote, or one
            that a reader of :func:`read_also` knows.
        map_location: As for ``torch.load``.

    Raises:
        FileNotFoundError: If there is no such file.
        UnsafeCheckpointError: If it has other objects.
        ValueError: If it is no checkpoint, or damaged.
    """
    check_file(path)
    other = read_other(path)
    if other is not None:
        return other
    try:
        with reduced_allowlist():
            checkpoint = torch.load(
                path, map_location=map_location, weights_only=True
            )
    # Damaged and hostile files make the unpickler raise any exception.
    except Exception as error:
        unsafe = bool(_global_lines(error))
        error_class = UnsafeCheckpointError if unsafe else ValueError
        raise error_class(
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
    """Check a checkpoint's first bytes and its table of contents.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If ``torch.save`` did not write it, or it would unpack to
            more than its size.
    """
    if os.path.isdir(path):
        raise ValueError(
            f"checkpoint '{path}' must be a file, but is a folder. Name one "
            'of its files, as `epoch_N.pth` of a work dir.'
        )
    if not os.path.isfile(path):
        raise FileNotFoundError(
            f"checkpoint '{path}' does not exist. "
            f'`{command_name("train")}` writes them as `epoch_N.pth` to its '
            'work dir.'
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
    # zipfile raises many types of exceptions on damaged archives.
    except Exception as error:
        raise ValueError(
            f"'{path}' must be a checkpoint that is whole, but: {error}. Was "
            'it cut off? Copy it or train again.'
        ) from error
    # torch.save stores without compression.
    if unpacked > os.path.getsize(path):
        raise ValueError(
            f"'{path}' must be a checkpoint as torch.save writes it, but its "
            f'{os.path.getsize(path):,} bytes would unpack to {unpacked:,}.'
        )


def _check_tensors(loaded: dict, path: str | os.PathLike) -> None:
    """Raise ValueError if a tensor is larger than its storage.

    Copies of it, which an optimizer makes, would need the full memory.
    """
    waiting: list[tuple[str, object]] = [('', loaded)]
    seen = set()
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, torch.Tensor):
            _check_tensor(value, name, path)
        elif isinstance(value, (Mapping, list, tuple)):
            # In a pickle a list may contain itself.
            if id(value) in seen:
                continue
            seen.add(id(value))
            pairs: Iterable[tuple[object, object]] = enumerate(value)
            if isinstance(value, Mapping):
                pairs = value.items()
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
    """The lines of torch's error message that name a refused object."""
    lines = str(error).replace('WeightsUnpickler error: ', '').split('\n')
    return [line for line in lines if 'GLOBAL' in line or 'getattr' in line]


def _reason(error: Exception) -> str:
    """The first sentence of torch's message, without its full stop."""
    text = str(error).replace('WeightsUnpickler error: ', '')
    lines = _global_lines(error) or text.split('\n')
    reason = lines[0].strip().split('. ')[0].rstrip('.')
    return reason or type(error).__name__
