"""A folder of packed slices that load at least ten times as fast as PNG.

``data_prep/pack_deeplesion.py`` writes it: ``shard-0000.bin`` and so on hold
slices one after the other, ``shard-0000.json`` says where each lies, and
``store.json``, written last, which slices were looked for and not found.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmuldor.commands import command_line
from mmuldor.functional.arrays import Ints
from mmuldor.io.json_files import read_json
from mmuldor.io.store.slice_format import Record, check_records, decode_slice

VERSION = 1
STORE_FILE = 'store.json'
PACK_COMMAND = command_line(
    'data pack',
    '--ann train.json val.json test.json --images DIR --out STORE',
)


class SliceStore:
    """Slices by name, such as ``000001_01_01/109.png``.

    Files are opened when the first slice is read, and again in every
    process that gets a pickled copy; a fork shares the read-only maps.

    Args:
        folder: Where the store lies.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._shelf: _Shelf | None = None

    def has(self, name: str) -> bool:
        """Whether the slice is here; False where its file was missing.

        Raises:
            FileNotFoundError: If there is no store.
            ValueError: If the store is damaged, or was packed without
                looking for this slice.
        """
        shelf = self._opened()
        if name in shelf.places:
            return True
        if name in shelf.absent:
            return False
        raise ValueError(
            f"{self.folder} must hold the slice '{name}', but was not packed "
            'for it. Pack again into the same folder, with the annotation '
            "files, `--num-slices` and `--slice-interval` of the config's "
            'LoadCTSlices, and with two slices more for RandomSlice: '
            f'`{PACK_COMMAND}`.'
        )

    def check(self, name: str, shape: tuple[int, int] | None = None) -> None:
        """Check that a slice is here and of this size, without reading it.

        Raises:
            FileNotFoundError: If its file was missing at packing.
            ValueError: If it is of another size, or as for :meth:`has`.
        """
        self._record(name, shape)

    def read(
        self, name: str, shape: tuple[int, int] | None = None
    ) -> NDArray[np.int16]:
        """Read a slice.

        Args:
            name: Series and slice.
            shape: (H, W) that it must have; None takes any.

        Returns:
            HU, (H, W) int16, each the PNG's pixel - 32768; may be read-only.

        Raises:
            FileNotFoundError: If its file was missing at packing.
            ValueError: If it is damaged, or as for :meth:`check`.
        """
        shard, record = self._record(name, shape)
        start = record.offset
        try:
            data = shard.view()[start : start + record.length]
            return decode_slice(data, record)
        except ValueError as error:
            raise ValueError(
                f"{shard.path}: '{name}' must be an intact slice, but "
                f'{error}. Remove this file and pack again: `{PACK_COMMAND}`.'
            ) from error

    def absent(self) -> set[str]:
        """Names of slices that had no file when the store was packed."""
        return set(self._opened().absent)

    def __getstate__(self) -> dict[str, Any]:
        return {'folder': self.folder, '_shelf': None}

    def _opened(self) -> _Shelf:
        if self._shelf is None:
            self._shelf = _Shelf(self.folder)
        return self._shelf

    def _record(
        self, name: str, shape: tuple[int, int] | None
    ) -> tuple[_Shard, Record]:
        if not self.has(name):
            raise FileNotFoundError(
                f"{self.folder} must hold the slice '{name}', but its PNG "
                'was missing when the store was packed. Unpack it and pack '
                f'again: `{PACK_COMMAND}`.'
            )
        shelf = self._opened()
        number, row = shelf.places[name]
        shard = shelf.shards[number]
        record = Record(*shard.table[row].tolist())
        if shape is not None and tuple(shape) != record[3:5]:
            raise ValueError(
                f"'{name}' in {self.folder} must be {shape[0]} high and "
                f'{shape[1]} wide, but it is {record.height} high and '
                f'{record.width} wide.'
            )
        return shard, record


class _Shelf:
    """The indices of a store: place of every slice, what is absent."""

    def __init__(self, folder: Path) -> None:
        path = folder / STORE_FILE
        if not path.is_file():
            found = 'packing did not come to its end'
            if not any(folder.glob('shard-*.json')):
                found = f'it has no {STORE_FILE}'
            raise FileNotFoundError(
                f'`store` must be a folder of packed slices, but {folder} is '
                f'none: {found}. Pack: `{PACK_COMMAND}`.'
            )
        document = read_json(path)
        known = isinstance(document, dict)
        known = known and document.get('version') == VERSION
        absent = document.get('absent') if known else None
        if not isinstance(absent, list):
            raise ValueError(
                f'{path} must be a store of version {VERSION} with a list '
                f'`absent`, but is not. Remove {folder} and pack again.'
            )
        self.absent = frozenset(map(str, absent))
        self.shards = [_Shard(p) for p in shard_indices(folder)]
        self.places = {
            name: (number, row)
            for number, shard in enumerate(self.shards)
            for row, name in enumerate(shard.names)
        }


class _Shard:
    """One file of slices and its index."""

    def __init__(self, index: Path) -> None:
        self.path = index.with_suffix('.bin')
        if not self.path.is_file():
            raise FileNotFoundError(
                f'{index} must have {self.path.name} beside it, but has not. '
                f'Pack again: `{PACK_COMMAND}`.'
            )
        slices = read_json(index)
        try:
            if not isinstance(slices, dict):
                raise ValueError('it is no object')
            self.names = list(slices)
            self.table = _table(slices)
            check_records(self.table, self.path.stat().st_size)
        except ValueError as error:
            raise ValueError(
                f'{index} must be the index of {self.path.name}, but {error}. '
                f'Remove both and pack again: `{PACK_COMMAND}`.'
            ) from error
        self._view: memoryview | None = None

    def view(self) -> memoryview:
        """The file's bytes, mapped into memory."""
        if self._view is None:
            with self.path.open('rb') as file:
                self._view = memoryview(
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                )
        return self._view


def shard_indices(folder: Path) -> list[Path]:
    """Index files of finished shards, in order."""
    return sorted(folder.glob('shard-*.json'))


def _table(slices: dict[str, Any]) -> Ints:
    """Records as integers, (N, 10) int64."""
    count = len(Record._fields)
    try:
        table = np.array(list(slices.values()))
    except (ValueError, OverflowError):
        table = np.zeros(0)
    if table.dtype != np.int64 or table.shape != (len(slices), count):
        raise ValueError(f'not every slice has {count} integers')
    return table
