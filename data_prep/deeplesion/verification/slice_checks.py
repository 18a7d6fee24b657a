"""Existing and intact slices of a series, with a cache for later runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.png import check_png16

from ...common.progress import Progress
from .requested_slices import RequestedSeries

_SAVE_EVERY_S = 30


@dataclass
class SeriesCheck:
    """The check of a series, by slice number.

    `stamps` are of whole files; `problems` are sentences about others;
    `opened` counts the files that were opened, the others were known.
    """

    missing: set[int] = field(default_factory=set)
    problems: dict[int, str] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    opened: int = 0


class CheckCache:
    """Stamps of files that were whole, by series and number, in a file.

    A stamp is the file's size and modification time and the height and width
    that were requested; a file whose stamp has changed is checked again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamps: dict[str, dict[str, str]] = {}
        if path.is_file():
            document = read_json(path)
            if not isinstance(document, dict) or not all(
                isinstance(stamps, dict) for stamps in document.values()
            ):
                raise ValueError(
                    f'{path} must be what an earlier run wrote, but is not. '
                    'Remove it.'
                )
            self._stamps = document
        self._saved = time.monotonic()

    def of(self, series: str) -> dict[str, str]:
        """Stamps of a series by number."""
        return self._stamps.get(series, {})

    def add(self, series: str, stamps: dict[str, str]) -> None:
        """Adds new stamps, and saves the file from time to time."""
        self._stamps[series] = {**self.of(series), **stamps}
        if time.monotonic() - self._saved > _SAVE_EVERY_S:
            self.save()

    def save(self) -> None:
        """Writes the file."""
        write_json(self.path, self._stamps)
        self._saved = time.monotonic()


def check_series_all(
    series: dict[str, RequestedSeries],
    root: Path,
    cache: CheckCache,
    workers: int,
    progress: Progress,
) -> Iterator[tuple[str, SeriesCheck]]:
    """Checks every series; results are kept if it is interrupted."""

    def check(name: str) -> SeriesCheck:
        return check_series(root / name, series[name], cache.of(name))

    with ThreadPoolExecutor(workers) as pool:
        try:
            found = zip(series, pool.map(check, series), strict=True)
            for name, result in progress('series', len(series), found):
                if result.stamps:
                    cache.add(name, result.stamps)
                yield name, result
        finally:
            pool.shutdown(cancel_futures=True)
            cache.save()


def check_series(
    folder: Path, series: RequestedSeries, known: dict[str, str]
) -> SeriesCheck:
    """Checks one series; opens only what has no known stamp."""
    found = SeriesCheck()
    files = _files(folder)
    height, width = series.shape
    for number in sorted(series.key_slices | series.neighbours):
        path = folder / f'{number:03d}.png'
        if path.name not in files:
            found.missing.add(number)
            continue
        stamp = f'{files[path.name]} {height}x{width}'
        if known.get(str(number)) != stamp:
            found.opened += 1
            try:
                check_png16(path, series.shape)
            except (ValueError, OSError) as error:
                found.problems[number] = str(error)
                continue
        found.stamps[str(number)] = stamp
    return found


def _files(folder: Path) -> dict[str, str]:
    """Size and modification time of the files of a folder by name."""
    try:
        with os.scandir(folder) as entries:
            return {
                entry.name: f'{entry.stat().st_size} '
                f'{entry.stat().st_mtime_ns}'
                for entry in entries
                if entry.is_file()
            }
    except (FileNotFoundError, NotADirectoryError):
        return {}
