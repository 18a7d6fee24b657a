"""Let MMEngine read checkpoints safely, from files and by HTTP.

``CheckpointLoader`` can add or replace a scheme, but not remove one:
'modelzoo://', 's3:' and others would still unpickle downloaded files. So its
private table of schemes is replaced. Seen with onedl-mmengine 0.10.12, for
``>=0.10.12,<0.11``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import torch
from mmengine.dist import all_gather_object
from mmengine.runner import CheckpointLoader

from mmuldor.upstream.safe_checkpoints import (
    UnsafeCheckpointError,
    check_file,
    load_safely,
    read_other,
)

UNSAFE_OPTION = '--allow-unsafe-checkpoint'
_allowed_unsafe = False


def guard_checkpoints() -> None:
    """Let MMEngine read all checkpoints by :func:`load_safely`.

    Without this, ``load_from``, ``resume``, ``init_cfg`` and others unpickle
    files that ``weights_only`` refuses. Only files and http(s) URLs are read.
    """
    CheckpointLoader._schemes = {}
    CheckpointLoader.register_scheme(r'\S+://', load_from_other)
    CheckpointLoader.register_scheme(('http://', 'https://'), load_from_url)
    CheckpointLoader.register_scheme('', load_from_file)


@contextlib.contextmanager
def unsafe_checkpoints(allowed: bool = True) -> Iterator[None]:
    """Let MMEngine unpickle checkpoints fully, which may run any code."""
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
        other = read_other(path)
        if other is not None:
            return other
        return torch.load(path, map_location=map_location, weights_only=False)
    try:
        return load_safely(path, map_location or 'cpu')
    except UnsafeCheckpointError as error:
        raise ValueError(
            f'{error} Only if you trust whoever made it: `{UNSAFE_OPTION}` '
            'runs what is in it.'
        ) from error


def load_from_url(url: str, map_location: str | Callable = 'cpu') -> dict:
    """Download once a machine, to the folder of torch.hub.

    Raises:
        OSError: In every process, if the download fails.
        ValueError: As for :func:`load_from_file`.
    """
    folder = Path(torch.hub.get_dir()) / 'checkpoints'
    path = folder / (Path(urlparse(url).path).name or 'checkpoint')
    problem = ''
    # MMEngine's get_local_rank needs a process group that it never creates, so
    # the launcher's environment variable is read.
    if os.environ.get('LOCAL_RANK', '0') == '0' and not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            torch.hub.download_url_to_file(url, str(path))
        except (OSError, ValueError) as error:
            problem = str(error) or type(error).__name__
    # Gathered, so that all processes raise the same error and none waits.
    problem = next(filter(None, all_gather_object(problem)), '')
    if problem:
        raise OSError(
            f"checkpoint '{url}' could not be fetched: {problem}. Download it "
            'by other means and name the file.'
        )
    return load_from_file(str(path), map_location)


def load_from_other(url: str, map_location: str | Callable = 'cpu') -> dict:
    """MMEngine's loader of all other schemes: raises ValueError."""
    raise ValueError(
        f"checkpoint '{url}' must be a file or start with https://."
    )
