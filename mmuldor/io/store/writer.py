"""Writing a store of packed slices, one finished shard after the other."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mmuldor.io.json_files import read_json, replacing, write_json
from mmuldor.io.paths import full_disk_named
from mmuldor.io.store.reader import (
    STORE_FILE,
    VERSION,
    SliceStore,
    shard_indices,
)
from mmuldor.io.store.slice_format import Record

SHARD_BYTES = 500_000_000

# A name and what `encode_slice` returns.
_Slice = tuple[str, bytes, Record]


class StoreWriter:
    """Adds slices to a store; a killed run loses its unfinished shard only.

    Args:
        folder: The store; made where missing.
        shard_bytes: A shard is finished when it is at least as large.
    """

    def __init__(
        self, folder: str | os.PathLike[str], shard_bytes: int = SHARD_BYTES
    ) -> None:
        self.folder = Path(folder)
        self.shard_bytes = shard_bytes

    @contextlib.contextmanager
    def locked(self) -> Iterator[StoreWriter]:
        """Keeps others from packing here, and removes what a kill left.

        Raises:
            ValueError: If another process packs into this folder.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / '.lock').open('w') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ValueError(
                    f'{self.folder} is being packed by another process. '
                    'Wait for its end.'
                ) from None
            for leftover in self._leftovers():
                leftover.unlink()
            yield self

    def names(self) -> set[str]:
        """Slices in finished shards.

        Raises:
            ValueError: If an index is no JSON object.
        """
        found: set[str] = set()
        for path in shard_indices(self.folder):
            index = read_json(path)
            if not isinstance(index, dict):
                raise ValueError(
                    f'{path} must be the index of a shard, but is not. '
                    'Remove it.'
                )
            found.update(index)
        return found

    def add(self, slices: Iterable[_Slice]) -> None:
        """Write slices, each a name and what `encode_slice` returns."""
        waiting = iter(slices)
        first = next(waiting, None)
        while first is not None:
            with full_disk_named(self.folder):
                first = self._write_shard(first, waiting)

    def finish(self, absent: Iterable[str]) -> SliceStore:
        """Write the file that makes the folder a store, and open it.

        Args:
            absent: Slices that were looked for and have no file.
        """
        document = {'version': VERSION, 'absent': sorted(absent)}
        write_json(self.folder / STORE_FILE, document, indent=1)
        return SliceStore(self.folder)

    def _leftovers(self) -> list[Path]:
        """Unfinished shards, and indices whose shard was removed."""
        lonely = [
            path
            for path in shard_indices(self.folder)
            if not path.with_suffix('.bin').is_file()
        ]
        return [*self.folder.glob('.shard-*'), *lonely]

    def _write_shard(
        self, first: _Slice, waiting: Iterator[_Slice]
    ) -> _Slice | None:
        """Write one shard; returns the first slice of the next one."""
        numbers = [int(p.stem[6:]) for p in shard_indices(self.folder)]
        path = self.folder / f'shard-{max(numbers, default=-1) + 1:04d}.bin'
        index, size = {}, 0
        after: _Slice | None = first
        with replacing(path) as temporary, temporary.open('wb') as file:
            while after is not None and size < self.shard_bytes:
                name, data, record = after
                index[name] = record._replace(offset=size)
                size += file.write(data)
                after = next(waiting, None)
            file.flush()
            os.fsync(file.fileno())
        # A shard without an index does not exist.
        write_json(path.with_suffix('.json'), index)
        return after
