"""A folder of 16-bit PNG slices, as DeepLesion has them, as a volume."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.io.png import read_png16
from mmuldor.io.volume import Volume, reoriented, stacked

_NUMBER = re.compile(r'[0-9]{1,9}')


def read_png_series(
    folder: str | os.PathLike, spacing_mm: Sequence[float]
) -> tuple[Volume, list[str]]:
    """Read ``001.png``, ``002.png``, ... (HU + 32768) as a volume.

    Numbers count from the head downwards, columns to the patient's left and
    rows to the back, as in DeepLesion; where the patient lies is not known,
    so the first pixel of the first slice is the origin.

    Args:
        folder: Folder with the files, named by the slices' numbers.
        spacing_mm: Distance of columns, of rows and of slices in mm.

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
    paths = sorted(folder.glob('*.png')) if folder.is_dir() else []
    if not paths:
        raise FileNotFoundError(
            f'{folder} must be a folder with slices 001.png and so on, but '
            'has none.'
        )
    wrong = [path for path in paths if not _NUMBER.fullmatch(path.stem)]
    if wrong:
        raise ValueError(
            f'{wrong[0]} must be named by its number, as 001.png.'
        )
    paths.sort(key=lambda path: int(path.stem))
    numbers = np.array([int(path.stem) for path in paths])
    steps = np.diff(numbers)
    if (steps < 1).any():
        twice = paths[int(np.argmax(steps < 1))]
        raise ValueError(
            f'{twice}: its number must come once, but comes twice.'
        )
    shape = read_png16(paths[0]).shape
    try:
        planes, _ = stacked((_hu(path, shape) for path in paths), steps)
    except ValueError as error:
        if str(folder) in str(error):
            raise
        raise ValueError(f'{folder}: {error}') from None
    missing = int((steps - 1).sum())
    notes = [f'{missing} missing slices interpolated'] if missing else []
    return reoriented(planes, _affine(spacing), str(folder)), notes


def _hu(path: Path, shape: tuple[int, int]) -> np.ndarray:
    hu = stored_to_hu(read_png16(path, shape=shape))
    return np.asarray(hu).astype(np.int16)


def _affine(spacing_mm: np.ndarray) -> np.ndarray:
    """Of (slice, row, column) indices, to RAS: down, back and left."""
    columns, rows, slices = spacing_mm
    affine = np.eye(4)
    affine[:3, :3] = [
        [0, 0, -columns],
        [0, -rows, 0],
        [-slices, 0, 0],
    ]
    return affine
