"""A folder of 16-bit PNG slices, as DeepLesion has them, as a volume."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from mmuldor.functional.hounsfield import hu_to_stored, stored_to_hu16
from mmuldor.io.png import read_png16, write_png16
from mmuldor.scans.volume import Volume, reorient, stack_slices

_NUMBER = re.compile(r'[0-9]{1,9}')


def read_png_series(
    folder: str | os.PathLike,
    spacing_mm: Sequence[float],
    numbers: Collection[int] | None = None,
) -> tuple[Volume, list[str]]:
    """Read ``001.png``, ``002.png``, ... (HU + 32768) as a volume.

    Numbers count from the head downwards, columns to the patient's left and
    rows to the back, as in DeepLesion; where the patient lies is not known,
    so the first pixel of the first slice is the origin.

    Args:
        folder: Folder with the files, named by the slices' numbers.
        spacing_mm: Distance of columns, of rows and of slices in mm.
        numbers: Of the slices to read; None reads all.

    Returns:
        The volume, and what was repaired: missing slices are interpolated.

    Raises:
        FileNotFoundError: If there is no such folder or no PNG in it.
        ValueError: If a name is no number, a file no 16-bit PNG of the size
            of the others, or the spacing is not positive.
    """
    folder = Path(folder)
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if (
        spacing.shape != (3,)
        or not (np.isfinite(spacing) & (spacing > 0)).all()
    ):
        raise ValueError(
            '`spacing_mm` must be three positive numbers, columns, rows and '
            f'slices, but got {spacing_mm}.'
        )
    files = series_files(folder)
    wanted = sorted(files if numbers is None else numbers)
    missing = [number for number in wanted if number not in files]
    if missing or not wanted:
        raise FileNotFoundError(
            f'{folder} must have the requested slices, but lacks '
            f'{missing or "all"}.'
        )
    paths = [files[number] for number in wanted]
    intervals = np.diff(wanted)
    hu, _ = stack_slices(_read_slices(paths), intervals, str(folder))
    count = int((intervals - 1).sum())
    notes = [f'{count} missing slices interpolated'] if count else []
    return reorient(hu, _affine(spacing), str(folder)), notes


def series_files(folder: str | os.PathLike) -> dict[int, Path]:
    """Files of a folder of slices by number, in order.

    Raises:
        FileNotFoundError: If there is no such folder or no PNG in it.
        ValueError: If a name is no number, or a number comes twice.
    """
    folder = Path(folder)
    files: dict[int, Path] = {}
    for path in sorted(folder.glob('*.png')) if folder.is_dir() else []:
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
    """Write a volume as 16-bit PNG slices, as DeepLesion has them.

    Only the pixels go into the files: spacing and place do not.

    Args:
        folder: Where ``001.png`` and so on are written, from the head down.
        volume: The volume; :func:`read_png_series` gives the same HU back.
        first: Number of the uppermost slice.
    """
    for number, hu in enumerate(volume.hu[::-1], start=first):
        write_png16(Path(folder) / f'{number:03d}.png', hu_to_stored(hu))


def _read_slices(paths: Sequence[Path]) -> Iterator[np.ndarray]:
    """HU of slices of one size, (rows, columns) int16 each."""
    shape = None
    for path in paths:
        stored = read_png16(path, shape=shape)
        shape = stored.shape
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
