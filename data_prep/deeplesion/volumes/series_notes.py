"""JSON files beside series: which slices came from which volume."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.json_values import is_integer

_RUN_NAME = re.compile(r'(.+)_(\d{3,})-(\d{3,})')


def series_of(name: str, count: int) -> tuple[str, int]:
    """Series and first slice number in a volume's name, else the name, 1."""
    series, first = name, 1
    match = _RUN_NAME.fullmatch(name)
    if match and int(match[3]) - int(match[2]) + 1 == count:
        series, first = match[1], int(match[2])
    if not series.strip('.'):
        raise ValueError('a volume must be named by more than dots.')
    return series, first


def is_complete(path: Path) -> bool:
    """Whether all slices of a volume are written."""
    note = read_json(path) if path.is_file() else None
    return isinstance(note, dict) and note.get('complete') is True


def make_room(
    path: Path, note: Mapping[str, Any], *, overwrite: bool = False
) -> None:
    """Remove slices that a volume of this name left and that it has no more.

    Slices of other origin are not written over, and those that the note of
    another volume names, too, stay.

    Args:
        path: The note's file, beside its series.
        note: The note to come: `series`, `first` and `last`.
        overwrite: Slices of other origin may be written over.

    Raises:
        ValueError: Slices of other origin are in the way.
    """
    before = _read(path)
    old, new = _slices(path, before), _slices(path, note)
    foreign = sorted(new - old)
    if foreign and not overwrite:
        raise ValueError(
            f'{foreign[0]} is there already and did not come from this '
            'volume. Choose another folder, or pass `--overwrite`.'
        )
    stale = old - new
    if stale:
        stale -= set(_slices_of_others(path, before['series']))
        # Killed in between, the next run must find what is left to remove,
        # and must not take the series for whole.
        write_json(path, {**before, 'complete': False})
        for slice_file in stale:
            slice_file.unlink()


def _read(path: Path) -> dict[str, Any]:
    """A note that a volume of this name may have left, {} without one."""
    note = read_json(path) if path.is_file() else None
    if not isinstance(note, dict):
        return {}
    match = _RUN_NAME.fullmatch(path.stem)
    # No other folder: a note may come from elsewhere.
    series = (path.stem, match[1] if match else path.stem)
    known = note.get('series') in series and str(note['series']).strip('.')
    numbers = (note.get('first'), note.get('last'))
    return note if known and all(map(is_integer, numbers)) else {}


def _slices(path: Path, note: Mapping[str, Any]) -> set[Path]:
    """Files there are of a note's slices, under the names they got."""
    if not note:
        return set()
    found = (path.parent / note['series']).glob('*.png')
    return {file for file in found if _is_slice(file, note)}


def _is_slice(file: Path, note: Mapping[str, Any]) -> bool:
    if re.fullmatch(r'[0-9]{3,9}', file.stem) is None:
        return False
    number = int(file.stem)
    within = note['first'] <= number <= note['last']
    return within and file.stem == f'{number:03d}'


def _slices_of_others(path: Path, series: str) -> Iterator[Path]:
    """Slices of a series that notes of other volumes name."""
    for other in path.parent.glob(f'{glob.escape(series)}*.json'):
        if other != path:
            yield from _slices(other, _read(other))
