"""A CT volume in memory, always in the same orientation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Ints
from mmuldor.io.limits import MAX_NUMBER, MAX_VOXELS
from mmuldor.scans.nifti_format.source_grid import SourceGrid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Missing slices are interpolated if they are no more in one gap.
MAX_FILLED, MAX_FILLED_MM = 3, 15.0
# Directions of columns, rows and slices: patient's left, back and head, as
# radiologists (and DeepLesion's PNG files) show axial slices.
CODES = ('L', 'P', 'S')


@dataclass(frozen=True, eq=False)
class Volume:
    """Axial slices in the orientation of radiologists, the lowest first.

    Attributes:
        hu: Hounsfield units, (slices, rows, columns) int16; columns increase
            to the patient's left, rows to the back, slices to the head.
        affine: (4, 4) float64, maps homogeneous (column, row, slice) indices
            to patient coordinates in mm: left, posterior, superior (LPS, as
            in DICOM).
        source: File or folder that it was read from.
        dicom_headers: Of a DICOM series the header of each slice, without
            pixels, None where a missing slice was filled in; empty for any
            other source. (Of a series that is not axial: of each of its own
            slices, from one end to the other.) Not to be changed.
        png_numbers: Of a folder of PNG slices the number of each slice, None
            where a missing slice was filled in; empty for any other source.
        source_grid: Where the voxels of a NIfTI file lie, in its own order;
            label maps are written there. None for any other source.
        slice_axis: Axis across the slices as they were acquired: 0 columns, 1
            rows, 2 slices. None where nothing says it and no shear was
            removed, which needs it.
    """

    hu: np.ndarray
    affine: np.ndarray
    source: str = ''
    dicom_headers: Sequence[Dataset | None] = ()
    png_numbers: Sequence[int | None] = ()
    source_grid: SourceGrid | None = None
    slice_axis: int | None = None

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of columns, of rows and of slices along their normal."""
        columns, rows, slices = self.affine[:3, :3].T
        normal = np.cross(columns, rows)
        return (
            float(np.linalg.norm(columns)),
            float(np.linalg.norm(rows)),
            float(abs(normal @ slices) / np.linalg.norm(normal)),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.hu.shape

    def to_patient(self, indices: np.ndarray) -> np.ndarray:
        """Patient coordinates (LPS, mm) of (column, row, slice), (n, 3)."""
        indices = np.asarray(indices, dtype=np.float64).reshape(-1, 3)
        return indices @ self.affine[:3, :3].T + self.affine[:3, 3]


def reorient(
    array: np.ndarray, affine_ras: np.ndarray, source: str = ''
) -> Volume:
    """A volume in LPS orientation from an array of any orientation.

    Axes are swapped and flipped, not resampled: an oblique volume keeps its
    slices, and its affine has their direction.

    Args:
        array: HU, three axes.
        affine_ras: (4, 4), maps the indices of the array to patient
            coordinates in mm: right, anterior, superior (RAS, as in NIfTI).
        source: File or folder that it was read from.

    Raises:
        ValueError: If the affine is singular.
    """
    import nibabel

    affine = np.asarray(affine_ras, dtype=np.float64)
    if (
        affine.shape != (4, 4)
        or not (np.abs(affine) <= MAX_NUMBER).all()
        or not 1e-18 < abs(np.linalg.det(affine[:3, :3])) < 1e18
    ):
        raise ValueError(
            f'{source}: the affine must be a 4 x 4 matrix that can be '
            f'inverted, but got {affine.tolist()}.'
        )
    orientation = nibabel.orientations.ornt_transform(
        nibabel.io_orientation(affine),
        nibabel.orientations.axcodes2ornt(CODES),
    )
    turned = nibabel.orientations.apply_orientation(array, orientation)
    to_array = nibabel.orientations.inv_ornt_aff(orientation, array.shape)
    # RAS to LPS: the first two axes change sign.
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine @ to_array
    return Volume(np.ascontiguousarray(turned.T), lps, source)


def check_gaps(
    intervals: Sequence[int] | Ints,
    gaps_mm: ArrayLike,
    names: Sequence[str],
    source: str,
) -> list[str]:
    """Refuse gaps that are too wide to be filled in.

    Args:
        intervals: See :func:`stack_slices`.
        gaps_mm: Distance of each slice but the first to its predecessor.
        names: Name of each existing slice, for messages.
        source: Folder of the slices, for messages.

    Returns:
        A note if slices are missing.

    Raises:
        ValueError: If more than `MAX_FILLED` slices, or `MAX_FILLED_MM`, are
            missing in one gap.
    """
    intervals, gaps = np.asarray(intervals), np.asarray(gaps_mm)
    missing = intervals - 1
    # Positions are rounded, so 1 % more is not wider.
    wide = missing * (gaps / intervals) > MAX_FILLED_MM * 1.01
    wide |= missing > MAX_FILLED
    if wide.any():
        k = int(np.argmax(wide))
        raise ValueError(
            f'{source}: a gap must have at most {MAX_FILLED} missing slices '
            f'and {MAX_FILLED_MM:g} mm to be filled in, but {names[k]} and '
            f'{names[k + 1]} are {gaps[k]:.5g} mm apart, where {missing[k]} '
            'slices are missing. Add them; or if these are two scan ranges, '
            'move one of them into a folder of its own.'
        )
    count = int(missing.sum())
    return [f'{count} missing slices interpolated'] if count else []


def stack_slices(
    slices: Iterable[np.ndarray],
    intervals: Sequence[int] | Ints,
    source: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Stack slices to one array; missing ones are interpolated linearly.

    Args:
        slices: The existing slices, (rows, columns) int16 each.
        intervals: Distance of each slice but the first to its predecessor in
            slice intervals; 1 if none is missing between.
        source: Folder of the slices, for messages.

    Returns:
        (slices, rows, columns) int16, and the index of each in `slices`, -1
        for interpolated ones, (slices,) int64.

    Raises:
        ValueError: If the volume would have more than `MAX_VOXELS`.
    """
    rest = iter(slices)
    stack, indices = [next(rest)], [0]
    count = 1 + sum(map(int, intervals))
    if count * stack[0].size > MAX_VOXELS:
        raise ValueError(
            f'{source}: a volume must have at most {MAX_VOXELS:,} voxels, '
            f'but from the first to the last of the {len(intervals) + 1} '
            f'slices there are {count:,} of {stack[0].size:,} pixels. Is one '
            'far away?'
        )
    for index, (interval, hu) in enumerate(
        zip(intervals, rest, strict=True), start=1
    ):
        before = stack[-1].astype(np.float64)
        for weight in np.arange(1, interval) / interval:
            between = (1 - weight) * before + weight * hu
            stack.append(np.rint(between).astype(np.int16))
            indices.append(-1)
        stack.append(hu)
        indices.append(index)
    return np.array(stack), np.array(indices)
