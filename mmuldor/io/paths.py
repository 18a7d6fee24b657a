"""Files and folders that must be there."""

from __future__ import annotations

import os
from pathlib import Path


def existing_file(
    path: str | os.PathLike[str], name: str, advice: str = ''
) -> Path:
    """The path of a file.

    Args:
        path: Where it is said to be.
        name: What an error calls it: an argument, or words.
        advice: A sentence that says how to get it.

    Raises:
        FileNotFoundError: It is not there, or no file.
    """
    path = Path(path)
    if not path.is_file():
        raise _missing(path, name, 'an existing file', advice)
    return path


def existing_folder(
    path: str | os.PathLike[str], name: str, advice: str = ''
) -> Path:
    """The path of a folder; likewise."""
    path = Path(path)
    if not path.is_dir():
        raise _missing(path, name, 'an existing folder', advice)
    return path


def _missing(
    path: Path, name: str, what: str, advice: str
) -> FileNotFoundError:
    text = f'{name} must be {what}, but got {str(path)!r}. {advice}'
    return FileNotFoundError(text.rstrip())
