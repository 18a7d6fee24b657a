"""Who works on which series.

A claim is a lock on one byte of a shared file, at an offset that is made of
the UID. The kernel, or the server of a shared file system, gives it back when
its process ends in whatever way: nothing is left to be cleaned up, and no
clock decides whether a process is alive.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

# Offsets of files have 63 bits.
_OFFSET_BITS = 62


class Claims:
    """Claims of processes that share a folder.

    Two of one process do not keep each other out. Nothing else may open the
    file: closing it anywhere in the process gives all claims back.

    Args:
        path: The file; made if missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    @contextlib.contextmanager
    def take(self, uid: str) -> Iterator[bool]:
        """Whether the block has the claim to a series, which it gives back.

        Raises:
            ValueError: If the file system has no locks.
        """
        digest = hashlib.sha256(uid.encode()).digest()
        offset = int.from_bytes(digest[:8], 'big') >> (64 - _OFFSET_BITS)
        if not self._lock(offset):
            yield False
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._handle, fcntl.LOCK_UN, 1, offset)

    def _lock(self, offset: int) -> bool:
        try:
            fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return False
            raise ValueError(
                f'{self._path} must lie on a file system with locks, but: '
                f'{error.strerror}. Choose another `--work`.'
            ) from error
        return True


def remove_unclaimed(folder: Path, claims: Claims) -> None:
    """Remove the folders, named by UIDs, that no process has a claim to.

    A process that was killed leaves images of a patient in its own.
    """
    for place in folder.glob('*'):
        with claims.take(place.name) as ours:
            if ours:
                shutil.rmtree(place, ignore_errors=True)
