"""Read and write volumes as folders of 16-bit PNG slices, as in DeepLesion."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored, stored_to_hu16
from mmuldor.io.limits import PIXEL_MM, VOLUME_INTERVAL_MM
from mmuldor.io.png import read_png16, write_png16
from mmuldor.scans.hu_check import REPAIR_PNG, check_hu
from mmuldor.scans.volume import Volume, check_gaps, reorient, stack_slices

_NUMBER = re.compile(r'[0-9]{1,9}')
# What systems and viewers leave beside slices: macOS ._001.png, thumbnails.
_NO_SLICE = re.compile(r'\.|.*(thumb|preview)', re.IGNORECASE)
# Names in a note.
_MAX_NAMED = 5


def read_png_series(
    folder: str | os.PathLike,
    spacing_mm: Sequence[float],
    numbers: Collection[int] | None = None,
) -> tuple[Volume, list[str]]:
    """Read ``001.png``, ``002.png``, ... (HU + 32768) as a volume.

    As in DeepLesion, slice numbers increase toward the feet, columns toward
    the patient's left and rows toward the back. The position in the patient
    is unknown, so the first pixel of the first slice is the origin.

    Args:
        folder: Folder with the files, named by slice number.
        spacing_mm: Distance of columns, of rows and of slices in mm.
        numbers: Numbers of the slices to read; None: all.

    Returns:
        The volume, and what was repaired: a few missing slices are
        interpolated.

    Raises:
        FileNotFoundError: If there is no such folder or no PNG in it.
        ValueError: If a name is no number, a file is no 16-bit PNG or has
            another size, the spacing is not that of a CT, or too many
            slices are missing.
    """
    folder = Path(folder)
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    low, high = np.array([PIXEL_MM, PIXEL_MM, VOLUME_INTERVAL_MM]).T
    if (
        spacing.shape != (3,)
        or not ((low <= spacing) & (spacing <= high)).all()
    ):
        raise ValueError(
            '`spacing_mm` must be three positive numbers, columns and rows '
            f'({low[0]:g} to {high[0]:g}) and slices ({low[2]:g} to '
            f'{high[2]:g}), but got {spacing_mm}.'
        )
    files = series_files(folder)
    requested = sorted(files if numbers is None else numbers)
    missing = [number for number in requested if number not in files]
    if missing or not requested:
        raise FileNotFoundError(
            f'{folder} must have the requested slices, but lacks '
            f'{missing or "all"}.'
        )
    paths = [files[number] for number in requested]
    intervals = np.diff(requested)
    names = [path.name for path in paths]
    notes = check_gaps(intervals, intervals * spacing[2], names, str(folder))
    hu, indices = stack_slices(_read_slices(paths), intervals, str(folder))
    ignored = [p.name for p in _png_files(folder) if _NO_SLICE.match(p.name)]
    if ignored:
        listed = ', '.join(sorted(ignored)[:_MAX_NAMED])
        notes.append(f'{len(ignored)} PNG files that are no slices: {listed}')
    volume = reorient(hu, _affine(spacing), str(folder))
    # The file numbers go down, the slices of a volume go up.
    stored = [None if k < 0 else requested[k] for k in indices[::-1]]
    return replace(volume, png_numbers=stored), notes


def check_png_hu(volume: Volume, *, accept: bool = False) -> list[str]:
    """What is doubtful in the HU of a volume of PNG slices.

    Args:
        volume: Of :func:`read_png_series`.
        accept: See :func:`mmuldor.scans.hu_check.check_hu`.

    Raises:
        ValueError: If the volume or a slice surely has other values.
    """
    names = ['' if n is None else f'{n:03d}.png' for n in volume.png_numbers]
    return check_hu(volume.hu, volume.source, REPAIR_PNG, names, accept=accept)


def has_slices(folder: str | os.PathLike) -> bool:
    """Whether a folder holds PNG files that may be slices."""
    return any(not _NO_SLICE.match(p.name) for p in _png_files(Path(folder)))


def _png_files(folder: Path) -> list[Path]:
    """Files that end in .png, in any case, sorted."""
    files = folder.iterdir() if folder.is_dir() else []
    return sorted(path for path in files if path.suffix.lower() == '.png')


def series_files(folder: str | os.PathLike) -> dict[int, Path]:
    """Slice files of a folder by number, in ascending order.

    Hidden files and thumbnails are no slices.

    Raises:
        FileNotFoundError: If there is no such folder or no PNG in it.
        ValueError: If a name is no number, or a number occurs twice.
    """
    folder = Path(folder)
    files: dict[int, Path] = {}
    for path in _png_files(folder):
        if _NO_SLICE.match(path.name):
            continue
        if not _NUMBER.fullmatch(path.stem):
            raise ValueError(
                f'{path} must be named by its number, as 001.png.'
            )
        if files.setdefault(int(path.stem), path) != path:
            raise ValueError(
                f'{path}: its number must come once, but comes twice.'
            )
    if not files:
        raise FileNotFoundError(
            f'{folder} must be a folder with slices 001.png and so on, but '
            'has none.'
        )
    return dict(sorted(files.items()))


def write_png_series(
    folder: str | os.PathLike, volume: Volume, first: int = 1
) -> None:
    """Write a volume as 16-bit PNG slices, as in DeepLesion.

    Spacing and position are not stored.

    Args:
        folder: Folder for ``001.png`` and so on, numbered toward the feet.
        volume: The volume; :func:`read_png_series` returns the same HU.
        first: Number of the uppermost slice.
    """
    for number, hu in enumerate(volume.hu[::-1], start=first):
        write_png16(Path(folder) / f'{number:03d}.png', hu_to_stored(hu))


def _read_slices(paths: Sequence[Path]) -> Iterator[np.ndarray]:
    """HU of slices of one size, (rows, columns) int16 each."""
    shape: tuple[int, int] | None = None
    for path in paths:
        stored = read_png16(path, shape=shape)
        height, width = stored.shape
        shape = height, width
        yield stored_to_hu16(stored)


def _affine(spacing_mm: np.ndarray) -> np.ndarray:
    """Of (slice, row, column) indices, to RAS.

    Slices go down, rows to the back, columns to the left.
    """
    columns, rows, slices = spacing_mm
    affine = np.eye(4)
    affine[:3, :3] = [
        [0, 0, -columns],
        [0, -rows, 0],
        [-slices, 0, 0],
    ]
    return affine
