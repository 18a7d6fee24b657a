"""Files and folders that must be there, or that can be written."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

# The last file of a scan that tools/infer.py writes: all others exist then.
LESIONS_NAME = 'lesions.json'


# Full, over a quota, too large for the file system. Not EIO, a failing disk:
# it may be that of an input, which is read while the output is written.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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


def files_below(folder: Path) -> tuple[list[Path], list[str]]:
    """The files of a folder and its subfolders, sorted, links followed.

    Args:
        folder: A folder, or one file.

    Returns:
        The files, and the names of links to files that do not exist.
    """
    if not folder.is_dir():
        return [folder], []
    paths: list[Path] = []
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            # A link to a folder that was met already, maybe around itself.
            folders.clear()
            continue
        seen.add(real)
        paths += [Path(place, name) for name in names]
    paths.sort()
    dangling = [path.name for path in paths if not path.exists()]
    return [path for path in paths if path.is_file()], dangling


def out_folder(path: str | os.PathLike[str], name: str = '--out') -> Path:
    """The path of a folder to write to, which may not be there yet.

    Args:
        path: Where it shall be.
        name: The option that names it.

    Raises:
        PermissionError: It cannot be made, or nothing can be written there.
        ValueError: It is a file.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f'`{name}` must be a folder, but {path} is a file.')
    _check_above(path / 'file')
    return path


def check_outputs(
    inputs: Iterable[str | os.PathLike[str] | None],
    outputs: Iterable[str | os.PathLike[str] | None],
) -> None:
    """Check files that shall be written, before the work for them.

    None is a file that is not written.

    Raises:
        OSError: If one cannot be written there.
        ValueError: If one is a folder, or would overwrite an input or
            another.
    """
    taken = {os.path.realpath(name) for name in inputs if name}
    for name in outputs:
        if not name:
            continue
        path = os.path.realpath(name)
        if path in taken:
            raise ValueError(
                'an output must be another file than the inputs and the '
                f'other outputs, but got {str(name)!r}. Choose another name.'
            )
        taken.add(path)
        check_place(name)


def check_place(path: str | os.PathLike[str]) -> None:
    """Check that a file can be written, before the work whose result it is.

    Nothing is written, so a full disk is not noticed.

    Raises:
        NotADirectoryError: What should be a folder above it is a file.
        PermissionError: Nothing can be written into the folder, or a folder
            for it cannot be made.
        ValueError: It is a folder, a device or a pipe.
    """
    if os.path.isdir(path):
        raise ValueError(f"'{path}' must be a file to write, but is a folder.")
    if os.path.exists(path) and not os.path.isfile(path):
        # Files are replaced, and a system lacks a /dev/null that is one.
        raise ValueError(
            f"'{path}' must be a file to write, but is a device or a pipe."
        )
    _check_above(path)


def _check_above(path: str | os.PathLike[str]) -> None:
    """Check that the folder above can be written to, or made."""
    path = Path(os.path.abspath(path))
    above = next(folder for folder in path.parents if os.path.lexists(folder))
    text = f"'{path}' cannot be written: '{above}' "
    if not above.is_dir():
        raise NotADirectoryError(f'{text}is no folder.')
    if not os.access(above, os.W_OK | os.X_OK):
        raise PermissionError(
            f'{text}may not be written to. Choose another place.'
        )


@contextlib.contextmanager
def full_disk_named(path: str | os.PathLike[str]) -> Iterator[None]:
    """Give the error of a full disk the name of the output.

    The system names no file where an open one cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _DISK:
            error.filename = str(path)
        raise


def printable(text: str) -> str:
    """A text that any encoding of Unicode can hold.

    A file's name may have bytes that are no UTF-8, and a text elements that
    are no characters, which are written as in Python: ``caf\\xe9``.
    """
    return re.sub('[\ud800-\udfff]', _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    # Python keeps byte b of a name as U+DC00 + b.
    code = ord(match[0])
    byte = code - 0xDC00
    return f'\\x{byte:02x}' if 0x80 <= byte <= 0xFF else f'\\u{code:04x}'


def _missing(
    path: Path, name: str, what: str, advice: str
) -> FileNotFoundError:
    found = f'{str(path)!r}{", a folder" if path.is_dir() else ""}'
    # What is typed in another folder than the one that was meant.
    where = '' if path.is_absolute() else f', from the folder {os.getcwd()!r}'
    text = f'{name} must be {what}, but got {found}{where}. {advice}'
    return FileNotFoundError(text.rstrip())
