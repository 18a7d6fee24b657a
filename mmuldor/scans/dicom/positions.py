"""Slices of a DICOM series as equally spaced points of a straight line.

Positions may be written with few decimals: 0.625 mm steps as 0.6, 1.2, 1.9.
So they are compared with a line, and what their last decimal explains is
tolerated. A tilted gantry moves all slices alike and keeps the line straight;
a slice that was moved alone does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.io.limits import VOLUME_INTERVAL_MM
from mmuldor.scans.dicom.geometry import (
    finest,
    image_position,
    rounding,
    slice_directions,
)
from mmuldor.scans.dicom.headers import DicomFile, NoVolumeError
from mmuldor.scans.volume import check_gaps

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Deviations from a line that are tolerated beyond rounding: along the normal
# in slice intervals, in the plane in pixels.
_MAX_UNEVEN = 0.02
_MAX_ASIDE_PX = 0.2
# A stated spacing is that of the positions if it differs by less.
_SAME_SPACING = 0.02
# So many gaps of two intervals, all alike, are no missing slices.
_REGULAR = 3
# Steps of the search for a slope; (2 / 3)**60 of its range is left.
_STEPS = 60


def slice_intervals(
    files: Sequence[DicomFile], folder: Path
) -> tuple[Ints, list[str]]:
    """Slice intervals from each slice to the next, 1 with none missing.

    Args:
        files: The slices, in order along their normal, one at each position.
        folder: Their folder, for messages.

    Returns:
        (n - 1,) integers, at least 1, and a note if slices are missing.

    Raises:
        NoVolumeError: If there are fewer than two slices.
        ValueError: If they are not equally far apart, too many are missing,
            or they lie on no straight line.
    """
    if len(files) < 2:
        raise NoVolumeError(
            f'{folder} must hold at least two slices of a series, but has '
            f'{len(files)}. Give the folder of the whole series.'
        )
    headers = [file.header for file in files]
    positions = np.array([image_position(header) for header in headers])
    # A value without its last zeros has fewer decimals than the others.
    half_units = np.min(
        [rounding(header.ImagePositionPatient) for header in headers], axis=0
    )
    oriented = finest(headers, 'ImageOrientationPatient')
    in_plane = slice_directions(oriented)
    normal = np.cross(*in_plane)
    along, half_unit = positions @ normal, float(half_units @ np.abs(normal))
    names = [Path(file.where).name for file in files]
    indices = _indices(along, half_unit, _stated_mm(headers))
    if indices is None:
        raise ValueError(_uneven(along, names, folder))
    interval_mm = float(along[-1] - along[0]) / int(indices[-1])
    low, high = VOLUME_INTERVAL_MM
    if not low <= interval_mm <= high:
        raise ValueError(
            f'{folder}: slices of a volume must be {low:g} to {high:g} mm '
            f'apart, but are {interval_mm:.4g} mm, as single images of a scan '
            'are. Use the whole series.'
        )
    notes = check_gaps(np.diff(indices), np.diff(along), names, str(folder))
    row_mm, column_mm = map(float, headers[0].PixelSpacing)
    for direction, pixel_mm in zip(in_plane, (column_mm, row_mm), strict=True):
        limit = half_units @ np.abs(direction) + _MAX_ASIDE_PX * pixel_mm
        if _deviation(positions @ direction, indices) > limit:
            aside = positions @ in_plane.T
            raise ValueError(_aside(aside, indices, limit, names, folder))
    return np.diff(indices), notes


def _indices(
    along: Floats, half_unit: float, stated_mm: float | None
) -> Ints | None:
    """Index of each slice from 0, (n,); None if no even spacing fits.

    Args:
        along: Positions along the normal in mm, ascending, (n,).
        half_unit: Half a unit of their last decimal.
        stated_mm: Slice spacing by the header, if any.
    """
    gaps = np.diff(along)
    if not gaps.sum() > 0:
        return None
    even: Ints = np.arange(len(along))
    with_missing = [
        indices
        for interval_mm in (_typical_mm(gaps), gaps.min())
        if (indices := _multiples(gaps, interval_mm)) is not None
    ]
    tried: list[tuple[Ints, float]] = [(even, 0.0)]
    if _only_rounded(gaps, with_missing, stated_mm):
        tried.append((even, half_unit))
    tried += [(indices, 0.0) for indices in with_missing]
    tried += [(indices, half_unit) for indices in (even, *with_missing)]
    for indices, slack in tried:
        interval_mm = (along[-1] - along[0]) / indices[-1]
        limit = slack + _MAX_UNEVEN * interval_mm
        if _deviation(along, indices) <= limit:
            return indices
    return None


def _only_rounded(
    gaps: Floats, with_missing: Sequence[Ints], stated_mm: float | None
) -> bool:
    """Whether rounding explains wider gaps better than missing slices do.

    1.25 mm written as 0, 1, 2, 4, 5 looks like 1 mm with a missing slice,
    until it goes on so (slices are not lost that regularly), or 1.25 mm is
    stated. But with 1 mm stated, 60 mm in 59 gaps are 1 mm and a missing
    slice, although their mean of 1.02 mm is near, too.
    """
    if stated_mm:
        numbers = np.array([len(gaps), *(found[-1] for found in with_missing)])
        off = np.abs(gaps.sum() / numbers / stated_mm - 1)
        if off[0] < _SAME_SPACING:
            # A median gap between two roundings gives no missing slice.
            return bool((off[0] < off[numbers > len(gaps)]).all())
    return any(
        (np.diff(indices) > 1).sum() >= _REGULAR for indices in with_missing
    )


def _typical_mm(gaps: Floats) -> float:
    """Mean of the gaps that have about the median length."""
    median = float(np.median(gaps))
    near = gaps[np.abs(gaps - median) < median / 2]
    return float(near.mean()) if len(near) else median


def _multiples(gaps: Floats, interval_mm: float) -> Ints | None:
    """Indices of slices whose gaps are multiples of about an interval.

    Returns:
        (n + 1,); None unless most of the gaps are of one interval.
    """
    if not interval_mm > 0:
        return None
    numbers = np.maximum(np.rint(gaps / interval_mm), 1)
    numbers = np.maximum(np.rint(gaps * numbers.sum() / gaps.sum()), 1)
    if (numbers > 1).sum() > len(gaps) / 2:
        return None
    indices: Ints = np.concatenate([[0], numbers.cumsum()]).astype(np.int64)
    return indices


def _deviation(values: Floats, indices: Ints) -> float:
    """Maximum distance of values from the line that makes it smallest.

    Args:
        values: (n,), n >= 2.
        indices: Ascending, (n,).
    """

    def spread(slope: float) -> float:
        return float(np.ptp(values - slope * indices))

    # The spread around a line of a slope is a convex function of the slope.
    slopes = np.diff(values) / np.diff(indices)
    low, high = float(slopes.min()), float(slopes.max())
    for _ in range(_STEPS):
        third = (high - low) / 3
        if spread(low + third) < spread(high - third):
            high -= third
        else:
            low += third
    return spread((low + high) / 2) / 2


def _uneven(along: Floats, names: Sequence[str], folder: Path) -> str:
    """The message on slices that are not equally far apart.

    Raises:
        ValueError: If a gap is too wide to be filled in, which explains it.
    """
    gaps = np.diff(along)
    interval_mm = float(np.median(gaps)) or 1.0
    numbers = np.maximum(np.rint(gaps / interval_mm), 1).astype(np.int64)
    check_gaps(numbers, gaps, names, str(folder))
    k = int(np.argmax(np.abs(gaps - numbers * interval_mm)))
    return (
        f'{folder}: slices must be equally far apart ({interval_mm:.4g} mm), '
        f'but {names[k]} and {names[k + 1]} are {gaps[k]:.4g} mm apart. '
        '`dcm2niix` resamples such a series to even slices: give its file '
        'that ends in _Eq.nii.gz.'
    )


def _aside(
    aside: Floats,
    indices: Ints,
    limit: float,
    names: Sequence[str],
    folder: Path,
) -> str:
    """The message on a slice that lies aside of the others' line.

    Args:
        aside: Positions in the plane of the slices in mm, (n, 2).
        indices: Index of each slice, (n,).
        limit: Tolerated deviation in mm.
        names: Name of each slice.
        folder: Their folder.
    """
    intervals = np.diff(indices)[:, None]
    steps = np.diff(aside, axis=0)
    typical = np.median(steps / intervals, axis=0)
    jumps = np.linalg.norm(steps - intervals * typical, axis=1)
    wrong = jumps > 2 * limit
    k = int(np.argmax(wrong if wrong.any() else jumps))
    return (
        f'{folder}: slices must follow each other on a straight line, but '
        f'from {names[k]} to {names[k + 1]} they jump by {jumps[k]:.1f} mm '
        'in their plane, which no gantry tilt does. If two scans are mixed, '
        f'move {names[k + 1]} and the slices after it into a folder of their '
        'own; otherwise export the series again.'
    )


def _stated_mm(headers: Sequence[Dataset]) -> float | None:
    """SliceThickness, which is the slice spacing of most series."""
    try:
        return float(headers[0].get('SliceThickness') or 0)
    # pydicom decodes here, and raises any exception for damaged values.
    except Exception:
        return None
