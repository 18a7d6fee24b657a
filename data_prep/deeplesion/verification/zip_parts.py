"""The 56 zip files of the release: existence, integrity and contents."""

from __future__ import annotations

import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ...common.progress import Progress

NUM_PARTS = 56
# PNG files are compressed: a zip of them unpacks to about its own size.
_MOST_TIMES, _SPARE_BYTES = 4, 2**24
# Kinds of members; programs that know none leave 0.
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)
_SLICE = re.compile(r'(?:Images_png/)?(\d{6}_\d{2}_\d{2})/\d{3,}\.png')


@dataclass(frozen=True)
class ZipPart:
    """One zip file; `state` is whole, missing, damaged or unsafe.

    `problem` is a sentence, empty where it is whole; `series` are the series
    that it holds slices of, sorted.
    """

    number: int
    path: Path
    state: str
    problem: str = ''
    series: tuple[str, ...] = ()

    def as_dict(self) -> dict:
        """Its entry in verify.json."""
        first_last = self.series[:1] + self.series[-1:]
        return {
            'part': self.number,
            'state': self.state,
            'problem': self.problem,
            'series': len(self.series),
            'first_last': list(first_last),
        }


def read_parts(
    folder: Path, numbers: Iterable[int], workers: int, progress: Progress
) -> list[ZipPart]:
    """Reads the central directories of the parts.

    Raises:
        FileNotFoundError: no such folder, or no part in it.
    """
    numbers = sorted(set(numbers))
    every = range(1, NUM_PARTS + 1)
    if not any(part_path(folder, number).exists() for number in every):
        found = 'which has none of them' if folder.is_dir() else 'no folder'
        raise FileNotFoundError(
            f'`--zips` must be the folder of {part_path(folder, 1).name} and '
            f'so on, but got {str(folder)!r}, {found}. Name the right one, or '
            'leave it out without zip parts.'
        )
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda number: read_part(folder, number), numbers)
        return list(progress('zip parts', len(numbers), parts))


def part_path(folder: Path, number: int) -> Path:
    """`Images_png_01.zip` and so on."""
    return folder / f'Images_png_{number:02d}.zip'


def read_part(folder: Path, number: int) -> ZipPart:
    """Reads one part's central directory, which lies at its end."""
    path = part_path(folder, number)
    if not path.is_file():
        return ZipPart(number, path, 'missing', 'it is not there')
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        problem = f'it cannot be read ({error})'
        return ZipPart(number, path, 'damaged', problem)
    problem = _unsafe_reason(members, path.stat().st_size)
    if problem:
        return ZipPart(number, path, 'unsafe', problem)
    matches = (_SLICE.fullmatch(member.filename) for member in members)
    series = sorted({match[1] for match in matches if match})
    if not series:
        problem = 'it holds no slices'
        return ZipPart(number, path, 'damaged', problem)
    return ZipPart(number, path, 'whole', series=tuple(series))


def _unsafe_reason(members: list[zipfile.ZipInfo], packed_bytes: int) -> str:
    """Why it is not safe to unpack these members, '' if it is."""
    names = set()
    for member in members:
        shown = repr(member.orig_filename[:80])
        if not is_safe(member):
            return f'its member {shown} would leave the folder'
        # Some file systems take no notice of upper and lower case.
        name = member.filename.casefold()
        if name in names:
            return f'its member {shown} comes twice'
        names.add(name)
    unpacked = sum(member.file_size for member in members)
    if unpacked > _MOST_TIMES * packed_bytes + _SPARE_BYTES:
        return f'its {packed_bytes:,} bytes would unpack to {unpacked:,}'
    return ''


def is_safe(member: zipfile.ZipInfo) -> bool:
    """Whether unpacking it writes below the folder, whatever unpacks it."""
    # `filename` is what zipfile made of it, other programs see the original.
    name = member.orig_filename
    return not (
        PurePosixPath(name).is_absolute()
        or '..' in PurePosixPath(name).parts
        or any(character in name for character in '\\:\0')
        # A link, a device or a pipe.
        or stat.S_IFMT(member.external_attr >> 16) not in _PLAIN
    )


class Contents:
    """Which part holds a series, or may hold it.

    Whole parts know their members. Of the others only that is known
    that series are in order, from part to part, where this holds for the
    whole ones: then a series lies between its neighbours.
    """

    def __init__(self, parts: list[ZipPart]) -> None:
        self._whole = [part for part in parts if part.state == 'whole']
        self._other = [p.number for p in parts if p.state != 'whole']
        self._listed = defaultdict(list)
        ends = []
        for part in self._whole:
            ends += [part.series[0], part.series[-1]]
            for series in part.series:
                self._listed[series].append(part.number)
        self._ordered = bool(ends) and ends == sorted(ends)

    def parts_of(self, series: str) -> list[int]:
        """Numbers of the parts; none if they are not known."""
        if series in self._listed or not self._ordered:
            return self._listed.get(series, [])
        before = [p.number for p in self._whole if p.series[0] < series]
        after = [p.number for p in self._whole if p.series[-1] > series]
        low, high = max(before, default=0), min(after, default=NUM_PARTS + 1)
        return [number for number in self._other if low < number < high]
