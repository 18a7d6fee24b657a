"""Read a CT series from a folder of DICOM files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.scans.dicom.folder import find_images
from mmuldor.scans.dicom.geometry import (
    image_position,
    series_affine,
    slice_normal,
    unused_tilt_notes,
)
from mmuldor.scans.dicom.headers import DicomFile
from mmuldor.scans.dicom.multiframe import check_one_stack
from mmuldor.scans.dicom.pixels import SliceReader, padding_notes
from mmuldor.scans.dicom.positions import slice_intervals
from mmuldor.scans.dicom.rescale_type import rescale_type_notes
from mmuldor.scans.dicom.series_choice import choose_series
from mmuldor.scans.dicom.slice_checks import (
    check_one_scan,
    check_same_grid,
    check_slice,
    distinction,
)
from mmuldor.scans.hu_check import REPAIR_DICOM, check_hu
from mmuldor.scans.straight_grid import straighten
from mmuldor.scans.volume import Volume, reorient, stack_slices

# More copies of slices are counted, not named.
_MAX_COPIES = 5


@dataclass(frozen=True, eq=False)
class DicomSeries:
    """A series, and what was repaired while reading.

    Attributes:
        volume: The volume, with its ``dicom_headers``.
        uid: SeriesInstanceUID.
        notes: What was left out, repaired or is doubtful, one sentence each.
    """

    volume: Volume
    uid: str
    notes: list[str] = field(default_factory=list)


def read_dicom(
    folder: str | os.PathLike[str],
    series_uid: str | None = None,
    *,
    accept_values: bool = False,
) -> DicomSeries:
    """Read one CT series.

    Files that are no DICOM images, scout views and duplicate slices are left
    out, a few missing slices are interpolated, and slices of a tilted gantry
    are resampled to a straight grid; ``notes`` lists all of this. Each file is
    opened once for its header, those of the series once more for their pixels.

    Args:
        folder: Folder with the files, searched with its subfolders, or one
            file with many frames.
        series_uid: SeriesInstanceUID; None if only one of the series can be a
            CT volume.
        accept_values: See :func:`mmuldor.scans.hu_check.check_hu`.

    Raises:
        FileNotFoundError: If there is no such folder or no DICOM image in it.
        ValueError: If the series does not exist, is no CT in HU, or its slices
            do not form a volume.
    """
    folder = Path(folder)
    if not folder.exists():
        raise FileNotFoundError(
            'the series must be in an existing folder, but got '
            f'{str(folder)!r}.'
        )
    images, broken, notes = find_images(folder)
    files, left_out = choose_series(images, series_uid, folder, broken)
    for file in files:
        check_slice(file)
    check_one_stack(files)
    check_same_grid(files)
    groups = _by_position(files)
    notes += left_out + rescale_type_notes(files) + padding_notes(files)
    notes += _copies(groups)
    check_one_scan([first for first, *_ in groups])
    intervals, gaps = _intervals_between(groups, folder)
    gaps += unused_tilt_notes([first.header for first, *_ in groups])
    volume, found = _build_volume(groups, intervals, folder, accept_values)
    uid = str(files[0].header.SeriesInstanceUID)
    return DicomSeries(volume, uid, [*notes, *gaps, *found])


def _by_position(files: Sequence[DicomFile]) -> list[list[DicomFile]]:
    """Files grouped by position, in order along the normal of the slices."""
    axis = slice_normal(files[0].header)
    along = [axis @ image_position(file.header) for file in files]
    groups: list[list[DicomFile]] = []
    last = None
    for index in np.argsort(along, kind='stable'):
        position = image_position(files[index].header)
        if last is not None and np.allclose(position, last, rtol=0, atol=1e-3):
            groups[-1].append(files[index])
            continue
        groups.append([files[index]])
        last = position
    return groups


def _copies(groups: Sequence[Sequence[DicomFile]]) -> list[str]:
    """Notes on slices that come in several files."""
    pairs = Counter(
        (copy.path, first.path) for first, *copies in groups for copy in copies
    )
    if len(pairs) > _MAX_COPIES:
        # An export that was made twice.
        return [f'{len(pairs)} files with the same slices as others']
    return [
        f'{copy.name}, the same {_counted(number)} as {first.name}'
        for (copy, first), number in pairs.items()
    ]


def _counted(number: int) -> str:
    return 'slice' if number == 1 else f'{number} slices'


def _intervals_between(
    groups: Sequence[Sequence[DicomFile]], folder: Path
) -> tuple[Ints, list[str]]:
    """Slice intervals from each position to the next, and a note on gaps.

    Raises:
        ValueError: If the slices are not equally spaced on a straight line, or
            have the same position but different pixels.
    """
    try:
        return slice_intervals([files[0] for files in groups], folder)
    except ValueError:
        # If slices of a second series are mixed in, say that instead.
        reader = SliceReader()
        for files in groups:
            if len(files) > 1:
                _read_position(files, reader)
        raise


def _read_position(
    files: Sequence[DicomFile], reader: SliceReader
) -> NDArray[np.int16]:
    """HU of a slice, which may come in several files, (rows, columns)."""
    first, *copies = files
    hu = reader.read(first)
    for file in copies:
        if not np.array_equal(reader.read(file), hu):
            found = distinction([first, file])
            raise ValueError(
                f'{file.where} and {first.where} must be different slices, '
                'but lie at the same place with different pixels. '
                + (f'They are of {found}. ' if found else '')
                + 'Two series may be mixed: move the files of one into a '
                'folder of their own.'
            )
    return hu


def _build_volume(
    groups: Sequence[Sequence[DicomFile]],
    intervals: Ints,
    folder: Path,
    accept: bool,
) -> tuple[Volume, list[str]]:
    """The volume, and what was repaired or is doubtful."""
    headers = [files[0].header for files in groups]
    places = np.concatenate([[0], np.cumsum(intervals)]).tolist()
    present = dict(zip(places, headers, strict=True))
    by_slice = [present.get(k) for k in range(places[-1] + 1)]
    lps = series_affine(by_slice)
    reader = SliceReader()
    hu, _ = stack_slices(
        (_read_position(files, reader) for files in groups),
        intervals,
        str(folder),
    )
    # Before air is added around tilted slices.
    names = {
        k: files[0].where for k, files in zip(places, groups, strict=True)
    }
    slices = [names.get(k, '') for k in range(len(hu))]
    doubts = check_hu(hu, str(folder), REPAIR_DICOM, slices, accept=accept)
    # The axes of `hu` are slices, rows, columns.
    ras = np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps[:, [2, 1, 0, 3]]
    # `reorient` flips a series that goes toward the feet. (In a series that is
    # not axial, its first axis is not that of the slices.)
    if lps[2, 2] < 0:
        by_slice.reverse()
    volume = reorient(hu, ras, str(folder))
    slice_axis = _axis_of(lps[:3, 2], volume)
    volume, tilt = straighten(
        replace(volume, dicom_headers=by_slice, slice_axis=slice_axis)
    )
    return volume, tilt + doubts


def _axis_of(step_mm: Floats, volume: Volume) -> int:
    """Axis of a volume (0 columns, 1 rows, 2 slices) that has a step.

    `reorient` changes the order and directions of axes, nothing else.
    """
    steps = volume.affine[:3, :3].T
    away = np.minimum(abs(steps - step_mm), abs(steps + step_mm))
    return int(away.sum(axis=1).argmin())
