"""Files that belong together, replaced as one set.

One file of a set, its marker, says by its presence that all others are there
and of the same set. New files are written into a hidden folder first. Then the
old marker is removed before all other old files, and the new marker is moved
in after all other new files. A process that is killed therefore leaves the old
set, the new set, or no marker.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from mmuldor.io.json_files import replacing
from mmuldor.io.paths import full_disk_named

_SUFFIX = '.mmuldor-new'
_LOCK = '.lock'


class NewSet(NamedTuple):
    """Where the files of a new set are written.

    Attributes:
        folder: A hidden, empty folder for all files but the marker.
        marker: File to write the marker to. It has another name than the
            marker, which must not be found before it is in its place.
    """

    folder: Path
    marker: Path


@contextlib.contextmanager
def replacing_set(
    folder: str | os.PathLike[str],
    marker: str,
    is_ours: Callable[[str], bool],
) -> Iterator[NewSet]:
    """Gives a place for new files that replace those in `folder`.

    The files are moved when the block succeeds. If it fails, `folder` stays as
    it is, or absent. The hidden folder lies beside `folder`, or in it where
    nothing can be written beside it; what a killed process left there is
    removed.

    Args:
        folder: Folder of the set; created if missing. Its other files are not
            touched.
        marker: Name of the marker.
        is_ours: Whether a name is that of a file of any such set.

    Raises:
        ValueError: If `folder` is a file, one of its folders has the name of a
            file of the set, or another process writes to it.
    """
    folder = Path(os.path.realpath(folder))
    _check_folder(folder, is_ours)
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with full_disk_named(folder), _hidden_folder(folder) as hidden:
            new = NewSet(hidden, hidden / f'{marker}.part')
            yield new
            _swap(new, folder, marker, is_ours)
    finally:
        # Those that have files stay.
        for path in missing:
            with contextlib.suppress(OSError):
                path.rmdir()


def _check_folder(folder: Path, is_ours: Callable[[str], bool]) -> None:
    if folder.exists() and not folder.is_dir():
        raise ValueError(
            f'the results must go into a folder, but {folder} is a file. Name '
            'another one.'
        )
    for path in folder.iterdir() if folder.exists() else ():
        if is_ours(path.name) and path.is_dir() and not path.is_symlink():
            raise ValueError(
                f'{path} must be a file of results, but is a folder. Rename '
                'it, or write the results elsewhere.'
            )


def _swap(
    new: NewSet, folder: Path, marker: str, is_ours: Callable[[str], bool]
) -> None:
    """Replace the old set; see the module for the order."""
    if not new.marker.is_file():
        raise RuntimeError(f'the new set of {folder} must have its marker.')
    (folder / marker).unlink(missing_ok=True)
    for path in sorted(folder.iterdir()):
        if is_ours(path.name):
            path.unlink()
    for path in sorted(new.folder.iterdir()):
        if path.name not in (_LOCK, new.marker.name):
            _move(path, folder / path.name)
    _move(new.marker, folder / marker)


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError as error:
        # A bind mount, which has the device number of its parent.
        if error.errno != errno.EXDEV:
            raise
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)


@contextlib.contextmanager
def _hidden_folder(folder: Path) -> Iterator[Path]:
    """An empty hidden folder on the file system of `folder`, for us alone."""
    hidden, lock = _lock_hidden(folder)
    try:
        _clear(hidden)
        yield hidden
    finally:
        _clear(hidden)
        # The lock last: who holds it may remove the other files. It is closed
        # before the folder is removed, since NFS keeps a name for open files.
        (hidden / _LOCK).unlink(missing_ok=True)
        lock.close()
        with contextlib.suppress(OSError):
            hidden.rmdir()


def _lock_hidden(folder: Path) -> tuple[Path, TextIO]:
    """The hidden folder of `folder`, and its lock, which a kill releases."""
    while True:
        hidden = _make_hidden(folder)
        path = hidden / _LOCK
        try:
            lock = path.open('w')
        except FileNotFoundError:  # another process has just finished
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise ValueError(
                f'{folder} is being written by another process. Wait for its '
                'end, or write the results elsewhere.'
            ) from None
        except OSError:
            # A file system without locks.
            return hidden, lock
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(lock.fileno())):
                return hidden, lock
        lock.close()


def _make_hidden(folder: Path) -> Path:
    """Make the hidden folder, beside `folder` if possible, else inside."""
    device = folder.stat().st_dev
    # Root may write to any folder but on a read-only disk.
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(
            errno.EACCES, 'results cannot be written here', str(folder)
        )
    for path in (
        folder.with_name(f'.{folder.name}{_SUFFIX}')
        if folder.name
        else folder / _SUFFIX,
        folder / _SUFFIX,
    ):
        with contextlib.suppress(OSError):
            path.mkdir(exist_ok=True)
            usable = os.access(path, os.W_OK) and not path.is_symlink()
            if usable and path.stat().st_dev == device:
                return path
            path.rmdir()
    raise FileExistsError(
        errno.EEXIST, 'must be an empty folder of our own', str(path)
    )


def _clear(hidden: Path) -> None:
    for path in hidden.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != _LOCK:
            path.unlink()
