"""Folders to write to."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_folder(out: str | os.PathLike) -> Iterator[Path]:
    """Gives a hidden folder that becomes `out` when the block succeeds.

    Raises:
        FileExistsError: If `out` is a file, or holds something.
    """
    out = Path(os.path.realpath(out))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FileExistsError(
            f'`--out` must be a new or an empty folder, but {str(out)!r} '
            'holds something. Name another one.'
        )
    # Not tempfile's: only their owner may read those.
    temporary = out.with_name(f'.{out.name}.{os.getpid()}')
    temporary.mkdir(parents=True)
    try:
        yield temporary
        if out.exists():
            out.rmdir()
        os.replace(temporary, out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
