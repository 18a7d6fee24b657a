"""Check that slices exist, have 16 bits and the CSV's size, and are intact."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mmuldor.io.paths import existing_folder
from mmuldor.io.png import check_png16

from ...common.dl_info import LesionRow
from ...common.progress import Progress
from .conversion_report import DeepLesionReport
from .row_checks import RowFinding

FOLDER = 'Images_png'
MISSING_CHOICES = ('error', 'skip', 'keep')
_SHOWN = 3


@dataclass(frozen=True)
class ImageState:
    """The state of the files of a key slice and its neighbours.

    `error` is the complaint about the key slice or a neighbour; `absent` the
    numbers of neighbours inside the slice range that are not on the disk.
    """

    missing: bool = False
    error: str = ''
    absent: tuple[int, ...] = ()


def match_images(
    rows: list[LesionRow],
    images: str | os.PathLike | None,
    report: DeepLesionReport,
    *,
    missing_images: str,
    neighbours: int,
    workers: int,
    progress: Progress,
) -> list[LesionRow]:
    """Returns the rows whose images are fit for use and reports the rest.

    Raises:
        FileNotFoundError: no such folder; or slices are missing and
            `missing_images` is error.
        ValueError: slices are damaged and `missing_images` is not skip.
    """
    if images is None:
        if missing_images != 'keep':
            raise ValueError(
                '`--images` must be given unless `--missing-images` is keep.'
            )
        return rows
    root = find_root(images, {row.series for row in rows})
    unique = {}
    for row in rows:
        # The first row of an image stands for all of its rows.
        unique.setdefault(row.file_name, row)
    states = _check_images(
        unique.values(), root, neighbours, workers, progress
    )
    _raise_for(states, root, missing_images)
    kept = []
    for row in rows:
        state = states[row.file_name]
        first = unique[row.file_name] is row
        finding = _finding(row, state, missing_images)
        if finding and (first or finding.kind == 'drop'):
            report.add(row.raw, finding)
        if not finding or finding.kind != 'drop':
            kept.append(row)
    return kept


def find_root(folder: str | os.PathLike, series: Iterable[str]) -> Path:
    """Finds the folder of the series: `folder` or `folder`/Images_png.

    Raises:
        FileNotFoundError: `folder` does not exist.
        ValueError: both hold series of the CSV.
    """
    advice = f'It is the {FOLDER} that the zip files of DeepLesion unpack to.'
    folder = existing_folder(folder, '`--images`', advice)
    wanted = set(series)
    inner = folder / FOLDER
    holding = [
        root
        for root in (folder, inner)
        if root.is_dir() and not wanted.isdisjoint(os.listdir(root))
    ]
    if len(holding) > 1:
        raise ValueError(
            f'`--images` must name one folder of series, but {folder} and '
            f'{inner} both hold some. Move them into one.'
        )
    if holding:
        return holding[0]
    return inner if inner.is_dir() else folder


def _check_images(
    rows: Iterable[LesionRow],
    root: Path,
    neighbours: int,
    workers: int,
    progress: Progress,
) -> dict[str, ImageState]:
    """Reads head and tail of the files; threads are for slow disks."""
    rows = list(rows)
    with ThreadPoolExecutor(workers) as pool:
        states = pool.map(
            lambda row: _image_state(row, root, neighbours), rows
        )
        found = list(progress('images', len(rows), states))
    return {row.file_name: s for row, s in zip(rows, found, strict=True)}


def _image_state(row: LesionRow, root: Path, neighbours: int) -> ImageState:
    shape = (row.height, row.width)
    try:
        check_png16(root / row.file_name, shape)
    except FileNotFoundError:
        return ImageState(missing=True)
    except (ValueError, OSError) as error:
        return ImageState(error=str(error))
    absent = []
    for number in _neighbour_numbers(row, neighbours):
        try:
            check_png16(root / row.series / f'{number:03d}.png', shape)
        except FileNotFoundError:
            absent.append(number)
        except (ValueError, OSError) as error:
            return ImageState(error=str(error))
    return ImageState(absent=tuple(absent))


def _neighbour_numbers(row: LesionRow, neighbours: int) -> Iterator[int]:
    low = max(row.slice_range[0], row.key_slice - neighbours)
    high = min(row.slice_range[1], row.key_slice + neighbours)
    return (n for n in range(low, high + 1) if n != row.key_slice)


def _raise_for(
    states: dict[str, ImageState], root: Path, missing_images: str
) -> None:
    errors = [state.error for state in states.values() if state.error]
    if errors and missing_images != 'skip':
        raise ValueError(
            f'{len(errors)} of {len(states)} images are unfit: '
            f'{" ".join(errors[:_SHOWN])} Or pass `--missing-images skip` to '
            'drop their lesions. Nothing was written.'
        )
    missing = [name for name, state in states.items() if state.missing]
    if missing and missing_images == 'error':
        some = ', '.join(missing[:_SHOWN])
        raise FileNotFoundError(
            f'{len(missing)} of {len(states)} key slices are missing in '
            f'{root}: {some}{", ..." if len(missing) > _SHOWN else ""}. '
            'Unpack the other zip files there, or pass `--missing-images '
            'skip` to drop their lesions, or `--missing-images keep` to keep '
            'them with the size from the CSV, which is enough to evaluate '
            'detections. Nothing was written.'
        )


def _finding(
    row: LesionRow, state: ImageState, missing_images: str
) -> RowFinding | None:
    dropped = missing_images == 'skip'
    if state.missing:
        return RowFinding(
            'drop' if dropped else 'note',
            'image_missing',
            'File_name',
            row.raw.csv_name,
            'must be on the disk' if dropped else 'size taken from the CSV',
        )
    if state.error:
        return RowFinding('drop', 'image_unfit', 'File_name', '', state.error)
    if state.absent:
        return RowFinding(
            'note',
            'neighbour_slice_missing',
            'Slice_range',
            row.raw.fields['Slice_range'],
            f'not on the disk: {", ".join(map(str, state.absent))}',
        )
    return None
