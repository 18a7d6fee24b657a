"""Series of PNG slices to NIfTI volumes and back, many at a time.

Neighbouring numbers make a volume, named as by DeepLesion's own script:
``000001_01_01_103-115.nii.gz``. A volume that comes back from NIfTI leaves a
JSON file of its name beside the series, with the spacing, which PNG cannot
hold; the next way to NIfTI finds it there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mmuldor.functional.slices import consecutive_runs
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import out_folder
from mmuldor.scans.nifti import read_nifti, write_nifti
from mmuldor.scans.nifti_format.header import is_nifti_name
from mmuldor.scans.png_series import (
    check_png_hu,
    read_png_series,
    series_files,
    write_png_series,
)

from ...common.progress import Progress, no_progress
from ..conversion.image_checks import FOLDER
from .series_notes import is_complete, make_room, series_of
from .spacings import Spacings, run_name


@dataclass
class ConvertedSeries:
    """Names of volumes: written, there before; and what went wrong.

    Notes say what was converted in a volume or is doubtful.
    """

    written: list[str]
    kept: list[str]
    errors: list[str]
    notes: list[str]


def to_nifti(
    images: str | os.PathLike,
    out: str | os.PathLike,
    spacings: Spacings,
    *,
    workers: int = 2,
    overwrite: bool = False,
    accept_values: bool = False,
    progress: Progress = no_progress,
) -> ConvertedSeries:
    """Converts every series of a folder, or the one that it is.

    Raises:
        FileNotFoundError: no such folder, or no slices in it.
    """
    out = out_folder(out)
    jobs = {}
    for folder in _series_folders(Path(images)):
        if spacings.knows(folder.name):
            for numbers in consecutive_runs(series_files(folder)):
                name = run_name(folder.name, numbers)
                jobs[name] = (folder, numbers)

    def convert(name: str) -> list[str]:
        folder, numbers = jobs[name]
        spacing = spacings.of(folder, numbers)
        volume, notes = read_png_series(folder, spacing, numbers)
        notes += check_png_hu(volume, accept=accept_values)
        write_nifti(out / f'{name}.nii.gz', volume)
        return notes

    if not jobs:
        raise ValueError(
            f'{images} must hold series that the CSV has, but has none.'
        )
    done = {n for n in jobs if (out / f'{n}.nii.gz').is_file()}
    kept = set() if overwrite else done
    return _convert(jobs, kept, convert, workers, progress)


def to_png(
    volumes: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    workers: int = 2,
    overwrite: bool = False,
    accept_values: bool = False,
    progress: Progress = no_progress,
) -> ConvertedSeries:
    """Converts NIfTI files, or all that lie in a folder, to series.

    Slices that an earlier volume of the same name left are removed.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: two files have one name.
    """
    out = out_folder(out)
    jobs: dict[str, Path] = {}
    for path in _nifti_files(volumes):
        name = re.sub(r'\.nii(\.gz)?$', '', path.name, flags=re.IGNORECASE)
        if jobs.setdefault(name, path) != path:
            raise ValueError(
                f'volumes must have names of their own, but {jobs[name]} and '
                f'{path} would write to the same series.'
            )

    def convert(name: str) -> list[str]:
        volume, notes = read_nifti(jobs[name], accept_values=accept_values)
        series, first = series_of(name, len(volume.hu))
        note = {
            'series': series,
            'first': first,
            'last': first + len(volume.hu) - 1,
            'spacing_mm': volume.spacing_mm,
        }
        path = out / f'{name}.json'
        make_room(path, note, overwrite=overwrite)
        write_json(path, {**note, 'complete': False})
        write_png_series(out / series, volume, first)
        write_json(path, {**note, 'complete': True})
        return notes

    done = {name for name in jobs if is_complete(out / f'{name}.json')}
    kept = set() if overwrite else done
    return _convert(jobs, kept, convert, workers, progress)


def _convert(
    jobs: dict,
    done: set[str],
    work: Callable[[str], list[str]],
    workers: int,
    progress: Progress,
) -> ConvertedSeries:
    """Does what is not done; one bad volume does not stop the others."""

    def attempt(name: str) -> tuple[str, list[str]]:
        try:
            return '', [f'{name}: {note}' for note in work(name)]
        except (ValueError, OSError) as error:
            return f'{name}: {error}', []

    names = [name for name in jobs if name not in done]
    with ThreadPoolExecutor(workers) as pool:
        try:
            results = pool.map(attempt, names)
            found = list(progress('volumes', len(names), results))
        finally:
            pool.shutdown(cancel_futures=True)
    return ConvertedSeries(
        [n for n, (error, _) in zip(names, found, strict=True) if not error],
        sorted(done),
        [error for error, _ in found if error],
        [note for _, notes in found for note in notes],
    )


def _series_folders(images: Path) -> list[Path]:
    """The folder itself, or its folders that hold PNG files."""
    if any(images.glob('*.png')):
        return [images]
    root = images / FOLDER if (images / FOLDER).is_dir() else images
    found = sorted({path.parent for path in root.glob('*/*.png')})
    if not found:
        raise FileNotFoundError(
            f'{images} must be a folder of slices 001.png and so on, or of '
            'such folders, but has none.'
        )
    return found


def _nifti_files(volumes: Sequence[str | os.PathLike]) -> Iterator[Path]:
    for volume in map(Path, volumes):
        if volume.is_dir():
            inside = sorted(
                path for path in volume.iterdir() if _is_volume(path)
            )
            if not inside:
                raise FileNotFoundError(
                    f'{volume} must be a folder of .nii or .nii.gz files, but '
                    'has none.'
                )
            yield from inside
        elif _is_volume(volume):
            yield volume
        else:
            raise FileNotFoundError(
                'a volume must be an existing .nii or .nii.gz file, but got '
                f'{str(volume)!r}.'
            )


def _is_volume(path: Path) -> bool:
    hidden = path.name.startswith('._')  # of a Mac's archive
    return path.is_file() and is_nifti_name(path.name) and not hidden
