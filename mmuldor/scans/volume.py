"""A CT volume in memory, in one orientation whatever it was stored in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmuldor.io.limits import MAX_NUMBER, MAX_VOXELS

# Directions of columns, rows and slices: patient's left, back and head, as
# radiologists (and DeepLesion's PNG files) show axial slices.
CODES = ('L', 'P', 'S')


@dataclass(frozen=True, eq=False)
class Volume:
    """Axial slices, the lowest first, as radiologists look at them.

    Attributes:
        hu: Hounsfield units, (slices, rows, columns) int16; columns go to the
            patient's left, rows to the back, slices to the head.
        affine: Turns (column, row, slice) indices, homogeneous, into patient
            coordinates in mm, left, posterior, superior (LPS, as DICOM);
            (4, 4) float64.
        source: File or folder it was read from.
        dicom_files: The file of each slice of a DICOM series, None where a
            missing slice was filled in; empty for any other source. (Of a
            series that is not axial: of each of its own slices.)
    """

    hu: np.ndarray
    affine: np.ndarray
    source: str = ''
    dicom_files: Sequence[Path | None] = ()

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of columns, of rows and of slices."""
        return tuple(np.linalg.norm(self.affine[:3, :3], axis=0).tolist())

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.hu.shape

    def to_patient(self, indices: np.ndarray) -> np.ndarray:
        """Patient coordinates (LPS, mm) of (column, row, slice), (n, 3)."""
        indices = np.asarray(indices, dtype=np.float64).reshape(-1, 3)
        return indices @ self.affine[:3, :3].T + self.affine[:3, 3]


def reoriented(
    array: np.ndarray, affine_ras: np.ndarray, source: str = ''
) -> Volume:
    """A volume of any axis order and flip, turned about.

    Axes are only swapped and flipped, never resampled: an oblique volume
    keeps its slices, and its affine says how they lie.

    Args:
        array: HU, any three axes.
        affine_ras: Turns the indices of the array into patient coordinates
            in mm, right, anterior, superior (as NIfTI), (4, 4).
        source: For the messages.

    Raises:
        ValueError: If the affine is singular or no axis is superior.
    """
    import nibabel

    affine = np.asarray(affine_ras, dtype=np.float64)
    if (
        affine.shape != (4, 4)
        or not (np.abs(affine) <= MAX_NUMBER).all()
        or not 1e-9 < abs(np.linalg.det(affine[:3, :3])) < 1e9
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
    back = nibabel.orientations.inv_ornt_aff(orientation, array.shape)
    # RAS to LPS: the first two axes change sign.
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine @ back
    return Volume(np.ascontiguousarray(turned.T), lps, source)


def stacked(
    planes: Iterable[np.ndarray], steps: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Slices as one array, what is missing between two interpolated.

    Args:
        planes: The slices that are there, (rows, columns) int16 each.
        steps: How many slice intervals each but the first lies behind the
            one before, 1 where none is missing.

    Returns:
        (slices, rows, columns) int16, and which plane each of them is, -1
        where it was filled in, (slices,).

    Raises:
        ValueError: If the volume would have more than `MAX_VOXELS`.
    """
    rest = iter(planes)
    found, numbers = [next(rest)], [0]
    count = 1 + sum(map(int, steps))
    if count * found[0].size > MAX_VOXELS:
        raise ValueError(
            f'a volume must have at most {MAX_VOXELS:,} voxels, but from the '
            f'first to the last of the {len(steps) + 1} slices there are '
            f'{count:,} of {found[0].size:,} pixels. Is one far away?'
        )
    for number, (step, plane) in enumerate(zip(steps, rest, strict=True), 1):
        last = found[-1].astype(np.float64)
        for share in np.arange(1, step) / step:
            between = (1 - share) * last + share * plane
            found.append(np.rint(between).astype(np.int16))
            numbers.append(-1)
        found.append(plane)
        numbers.append(number)
    return np.array(found), np.array(numbers)
