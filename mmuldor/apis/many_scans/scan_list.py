"""Which scans a command is given, and what their output folders are called."""

from __future__ import annotations

import codecs
import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from mmuldor.io.csv_dialect import text_of
from mmuldor.io.json_files import read_whole
from mmuldor.io.paths import existing_file, existing_folder
from mmuldor.scans.dicom.encoding import START_BYTES, starts_dicom
from mmuldor.scans.dicom.headers import open_header

# Tables beside the folders of the scans.
LESIONS_TABLE, SCANS_TABLE = 'all_lesions.csv', 'all_scans.csv'
_SUFFIXES = ('.nii.gz', '.nii', '.dcm')
# Files that lie beside scans and are none.
_NO_SCANS = (
    '.txt', '.csv', '.tsv', '.json', '.log', '.md', '.html', '.xml', '.pdf',
    '.xls', '.xlsx',
)  # fmt: skip
# File systems allow 255 bytes; a hidden name beside it is longer.
_MAX_NAME_BYTES = 200


class ListedScan(NamedTuple):
    """A scan of a list.

    Attributes:
        path: As it was given.
        name: Of its folder in the output folder.
    """

    path: str
    name: str


def read_scan_list(path: str | os.PathLike) -> list[str]:
    """The scans of a text file, one a line.

    Empty lines and lines that begin with ``#`` are skipped. A relative path
    that does not exist is looked for in the folder of the file, too.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it names no scan.
    """
    file = existing_file(path, '`--scans-from`')
    names = [name.strip() for name in _text(read_whole(file)).splitlines()]
    if any('\0' in name for name in names):
        raise ValueError(
            f'`--scans-from` must be a text file that names a scan a line, '
            f'but {path} is none. Is it a scan itself? Then give it as SCAN.'
        )
    scans = [name for name in names if name and not name.startswith('#')]
    if not scans:
        raise ValueError(f'{path} must name a scan a line, but names none.')
    return [_found(scan, file.parent) for scan in scans]


def _text(data: bytes) -> str:
    """A list in UTF-8 or UTF-16; names need not be UTF-8."""
    try:
        return text_of(data)
    except UnicodeDecodeError:
        return os.fsdecode(data.removeprefix(codecs.BOM_UTF8))


def _found(scan: str, folder: Path) -> str:
    beside = folder / scan
    return str(beside) if not _exists(scan) and _exists(beside) else scan


def _exists(path: str | Path) -> bool:
    # A line of a list may be no path at all.
    try:
        return os.path.exists(path)
    except ValueError:
        return False


def scans_in(folder: str | os.PathLike) -> list[str]:
    """Each file and sub-folder of a folder, sorted by name.

    Hidden ones and texts, tables and pages are no scans.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If it holds no scan, or is one itself.
    """
    place = existing_folder(folder, '`--scans-in`')
    _check_no_series(place)
    scans = [
        str(path)
        for path in sorted(place.iterdir())
        if not path.name.startswith('.')
        and not path.name.lower().endswith(_NO_SCANS)
    ]
    if not scans:
        raise ValueError(
            f'{folder} must hold scans, files or sub-folders, but has none.'
        )
    return scans


def _check_no_series(folder: Path) -> None:
    """Raise ValueError if a folder holds the slices of a series."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    slices = [path for path in files if path.suffix.lower() == '.png']
    slices += itertools.islice(filter(_is_dicom_slice, files), 2)
    if len(slices) > 1:
        raise ValueError(
            f'`--scans-in` must be a folder of scans, but {folder} holds '
            f'slices, as {slices[0].name}. Is it one scan? Then give it as '
            'SCAN, or the folder that it lies in.'
        )


def _is_dicom_slice(path: Path) -> bool:
    """Whether a file is DICOM and has no more than one frame."""
    with path.open('rb') as file:
        if not starts_dicom(file.read(START_BYTES)):
            return False
    try:
        header = open_header(path)
    except (ValueError, OSError):
        return True
    return header is None or int(header.get('NumberOfFrames') or 1) == 1


def list_scans(paths: Iterable[str]) -> list[ListedScan]:
    """Each scan once, with a name of its own.

    Names are those of files without ending, and of folders. Where two are
    equal, in any case of their letters, both begin with the names of their
    parents, as ``a_scan`` and ``b_scan``. A link has its own name: stores of
    data call the file behind it by a hash.
    """
    places: dict[str, str] = {}
    for path in paths:
        places.setdefault(os.path.realpath(path), path)
    parts = [_parts(os.path.abspath(path)) for path in places.values()]
    depths = [1] * len(parts)
    while True:
        names = [
            '_'.join(part[-depth:])
            for part, depth in zip(parts, depths, strict=True)
        ]
        equal = _equal_names(names)
        longer = [k for k in equal if depths[k] < len(parts[k])]
        if not longer:
            break
        for k in longer:
            depths[k] += 1
    return [
        ListedScan(path, name)
        for path, name in zip(places.values(), _numbered(names), strict=True)
    ]


def _parts(place: str) -> list[str]:
    *parents, name = Path(place).parts[1:] or ('scan',)
    for suffix in _SUFFIXES:
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return [*parents, name or 'scan']


def _key(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize('NFC', name).casefold()


def _equal_names(names: Sequence[str]) -> list[int]:
    counts = Counter([_key(name) for name in names])
    counts.update((LESIONS_TABLE, SCANS_TABLE))
    return [k for k, name in enumerate(names) if counts[_key(name)] > 1]


def _numbered(names: Sequence[str]) -> list[str]:
    """Shorten long names and number those that are equal."""
    taken = {LESIONS_TABLE, SCANS_TABLE}
    found = []
    for name in names:
        while len(os.fsencode(name)) > _MAX_NAME_BYTES:
            name = name[1:]
        number, numbered = 1, name
        while _key(numbered) in taken:
            number += 1
            numbered = f'{name}_{number}'
        taken.add(_key(numbered))
        found.append(numbered)
    return found
