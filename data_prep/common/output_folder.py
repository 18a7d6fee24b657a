"""Folders to write to."""

from __future__ import annotations

import os
from pathlib import Path


def out_folder(path: str | os.PathLike) -> Path:
    """The folder, which may not be there yet.

    Raises:
        ValueError: it is a file.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f'`--out` must be a folder, but {path} is a file.')
    return path
