"""A CT series from a folder of DICOM files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmuldor.scans.dicom.headers import (
    check_slice,
    choose_series,
    degrees,
    find_headers,
    normal,
    position,
    without_scouts,
)
from mmuldor.scans.dicom.pixels import read_pixels
from mmuldor.scans.volume import Volume, reoriented, stacked

# Slices whose distances differ by more than this share are not equidistant.
_UNEVEN = 0.02
# Directions that differ by more than this many degrees are different.
_TILT_DEG = 0.5


@dataclass(frozen=True, eq=False)
class DicomSeries:
    """One series, and what was repaired to read it.

    Attributes:
        volume: The volume.
        uid: SeriesInstanceUID.
        files: The file of each slice of ``volume``, the lowest first; None
            where a missing slice was filled in.
        notes: What was left out or repaired, one sentence each.
    """

    volume: Volume
    uid: str
    files: list[Path | None]
    notes: list[str] = field(default_factory=list)


def read_dicom(
    folder: str | os.PathLike, series_uid: str | None = None
) -> DicomSeries:
    """Read one CT series.

    Files that are no DICOM, scout views and slices that come twice are left
    out; missing slices are interpolated; each is said in ``notes``. A tilted
    gantry's slices stay as they are, and the affine says how they lie.

    Args:
        folder: Folder with the files, searched with all below it.
        series_uid: Which series, where there are several.

    Raises:
        FileNotFoundError: If there is no such folder or no DICOM file in it.
        ValueError: If the series is not to be had, is no CT in HU, or its
            slices do not form a volume.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            'the series must be in an existing folder, but got '
            f'{str(folder)!r}.'
        )
    headers, notes = find_headers(folder)
    chosen = choose_series(headers, series_uid, folder)
    chosen = without_scouts(chosen, notes)
    for path, header in chosen:
        check_slice(path, header)
    slices = _sorted(chosen, folder, notes)
    return _assemble(slices, folder, notes)


def _sorted(
    files: Sequence[tuple[Path, object]], folder: Path, notes: list[str]
) -> list[tuple[Path, object]]:
    """Along the normal of the slices; each position once."""
    first = files[0][1]
    for path, header in files:
        for name in ('Rows', 'Columns', 'PixelSpacing'):
            if header.get(name) != first.get(name):
                raise ValueError(
                    f'{path}: {name} must be that of the other slices, '
                    f'{first.get(name)}, but got {header.get(name)}.'
                )
        angle = degrees(normal(header), normal(first))
        if angle > _TILT_DEG:
            raise ValueError(
                f'{path}: ImageOrientationPatient must be that of the other '
                f'slices, but is turned by {angle:.1f} degrees.'
            )
    axis = normal(first)
    along = [axis @ position(header) for _, header in files]
    order = np.argsort(along, kind='stable')
    kept: list[tuple[Path, object]] = []
    for index in order:
        path, header = files[index]
        if kept and np.allclose(
            position(header), position(kept[-1][1]), atol=1e-3
        ):
            _check_same(path, kept[-1][0])
            notes.append(f'{path.name}, the same slice as {kept[-1][0].name}')
            continue
        kept.append((path, header))
    if len(kept) < 2:
        raise ValueError(
            f'{folder} must hold at least two slices of a series, but has '
            f'{len(kept)}.'
        )
    return kept


def _check_same(path: Path, other: Path) -> None:
    if not np.array_equal(read_pixels(path), read_pixels(other)):
        raise ValueError(
            f'{path} and {other} must be different slices, but lie at the '
            'same place with different pixels. Two series may be mixed.'
        )


def _assemble(
    slices: Sequence[tuple[Path, object]], folder: Path, notes: list[str]
) -> DicomSeries:
    first = slices[0][1]
    axis = normal(first)
    positions = np.array([position(header) for _, header in slices])
    gaps = np.diff(positions @ axis)
    interval = float(np.median(gaps))
    steps = np.rint(gaps / interval).astype(int)
    uneven = np.abs(gaps - steps * interval) > _UNEVEN * interval * steps
    if uneven.any() or (steps < 1).any():
        place = int(np.argmax(uneven | (steps < 1)))
        raise ValueError(
            f'{folder}: slices must be equally far apart ({interval:g} mm), '
            f'but {slices[place][0].name} and {slices[place + 1][0].name} '
            f'are {gaps[place]:g} mm apart.'
        )
    try:
        planes, numbers = stacked(
            (read_pixels(path) for path, _ in slices), steps
        )
    except ValueError as error:
        if str(folder) in str(error):
            raise
        raise ValueError(f'{folder}: {error}') from None
    files = [slices[n][0] if n >= 0 else None for n in numbers]
    if steps.max() > 1:
        notes.append(f'{int((steps - 1).sum())} missing slices interpolated')
    step_mm = (positions[-1] - positions[0]) / steps.sum()
    tilt = degrees(step_mm, axis)
    if tilt > _TILT_DEG:
        notes.append(
            f'gantry tilt of {tilt:.1f} degrees: slices stay as they are'
        )
    volume = reoriented(planes, _affine(first, step_mm), str(folder))
    # The first axis is the slices' only in a series of axial slices.
    lowest_first = positions[-1][2] >= positions[0][2]
    return DicomSeries(
        volume,
        str(first.SeriesInstanceUID),
        files if lowest_first else files[::-1],
        notes,
    )


def _affine(header: object, step_mm: np.ndarray) -> np.ndarray:
    """Of (slice, row, column) indices, to RAS."""
    row_step, column_step = (float(v) for v in header.PixelSpacing)
    orientation = np.array(header.ImageOrientationPatient, dtype=np.float64)
    along_columns, along_rows = orientation[:3], orientation[3:]
    lps = np.eye(4)
    lps[:3, 0] = step_mm
    lps[:3, 1] = along_rows * row_step
    lps[:3, 2] = along_columns * column_step
    lps[:3, 3] = position(header)
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps
