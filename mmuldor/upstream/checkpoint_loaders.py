"""Let MMEngine read checkpoints safely, from files and by http.

``CheckpointLoader`` has a public way to add or replace a scheme, but none to
take one away: 'modelzoo://', 's3:' and the rest would still unpickle what they
fetch. So its private table is begun anew. Seen with onedl-mmengine 0.10.12,
for ``>=0.10.12,<0.11``.
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
)

UNSAFE_OPTION = '--allow-unsafe-checkpoint'
_allowed_unsafe = False


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
