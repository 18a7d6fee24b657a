"""A scan on a coarse grid, for its registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmuldor.functional.arrays import Bools, Floats, Numbers
from mmuldor.functional.follow_up.grids import (
    block_affine,
    block_factors,
    block_mean,
    body_mask,
    shown_mask,
    slice_profiles,
)
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    import SimpleITK as sitk  # noqa: N813

# Air outside of the body, and where a scan shows nothing.
AIR_HU = -1000.0
# Denser than this is bone or contrast medium, which changes between scans.
DENSE_HU = 300.0
GRID_MM = 4.0
# Air that is kept beside the body.
RIM_VOXELS = 4
# A scan of 500 x 500 x 600 mm has 2.3 million voxels of 4 mm; time grows with
# their number.
MAX_VOXELS = 1_500_000


@dataclass(frozen=True, eq=False)
class CoarseScan:
    """A scan on a coarse grid along its own axes.

    Attributes:
        hu: (slices, rows, columns) float32; `AIR_HU` outside of the body.
        body: (slices, rows, columns) bool.
        shown: (slices, rows, columns) bool, what the scanner measured; see
            :func:`mmuldor.functional.follow_up.grids.shown_mask`.
        affine: (4, 4), maps (column, row, slice) to patient coordinates, mm.
    """

    hu: Numbers
    body: Bools
    shown: Bools
    affine: Floats

    @classmethod
    def of(cls, volume: Volume, grid_mm: float) -> CoarseScan:
        """A scan on a grid of about `grid_mm`.

        Raises:
            ValueError: If it shows no body.
        """
        factors = block_factors(volume.spacing_mm, grid_mm)
        hu = block_mean(volume.hu, factors)
        affine = block_affine(volume.affine, factors, volume.hu.shape)
        body = body_mask(hu, _spacing(affine))
        if not body.any():
            raise ValueError(
                f'{volume.source} must show a body, but nothing thicker than '
                '8 mm is denser than air.'
            )
        shown = np.broadcast_to(shown_mask(hu), hu.shape)
        hu = np.where(body, hu, np.float32(AIR_HU))
        return cls(hu, body, shown, affine)

    def cropped(self) -> CoarseScan:
        """Without most of the air beside the body: a third of the voxels."""
        rows, columns = (
            _around(np.asarray(self.body.any(axis=axis)))
            for axis in ((0, 2), (0, 1))
        )
        affine = self.affine.copy()
        affine[:3, 3] += affine[:3, :2] @ [columns.start, rows.start]
        part = (slice(None), rows, columns)
        return CoarseScan(
            self.hu[part], self.body[part], self.shown[part], affine
        )

    def joined(self, factor: int) -> CoarseScan:
        """The same on a grid that is coarser by a factor."""
        factors = (factor,) * 3
        body, shown = (
            block_mean(mask, factors) >= 0.5
            for mask in (self.body, self.shown)
        )
        hu = block_mean(self.hu, factors)
        affine = block_affine(self.affine, factors, self.hu.shape)
        return CoarseScan(hu, body, shown, affine)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Of columns, rows and slices."""
        return _spacing(self.affine)

    def body_center_mm(self, low: float, high: float) -> Floats:
        """Centre of the body on slices between two heights, (3,)."""
        inside = (self.slice_mm() >= low) & (self.slice_mm() <= high)
        chosen = self.body & inside[:, None, None]
        indices = np.argwhere(chosen if chosen.any() else self.body)
        middle = indices.mean(axis=0)[::-1]
        return self.affine[:3, :3] @ middle + self.affine[:3, 3]

    def slice_mm(self) -> Floats:
        """Height of the middle of each slice, (slices,)."""
        slices, rows, columns = self.hu.shape
        middle = self.affine[2, :2] @ [(columns - 1) / 2, (rows - 1) / 2]
        return (
            self.affine[2, 3]
            + middle
            + (np.arange(slices) * self.affine[2, 2])
        )

    def profiles(self) -> Floats:
        """Areas of body, lung and bone in each slice, (slices, 3) cm2."""
        spacing = self.spacing_mm
        return slice_profiles(self.hu, self.body, spacing[0] * spacing[1])

    def image(self, values: Numbers | None = None) -> sitk.Image:
        """HU, or other values on this grid, as an image of SimpleITK."""
        import SimpleITK as sitk  # noqa: N813

        if values is None:
            values = np.clip(self.hu, AIR_HU, DENSE_HU)
        image = sitk.GetImageFromArray(values)
        spacing = np.array(self.spacing_mm)
        image.SetSpacing(spacing.tolist())
        image.SetOrigin(self.affine[:3, 3].tolist())
        image.SetDirection((self.affine[:3, :3] / spacing).ravel().tolist())
        return image


def coarse_grid_mm(*volumes: Volume) -> float:
    """The side of voxels with which no volume has too many."""
    largest = max(
        float(np.prod(volume.shape) * np.prod(volume.spacing_mm))
        for volume in volumes
    )
    return max(GRID_MM, (largest / MAX_VOXELS) ** (1 / 3))


def _around(filled: Bools) -> slice:
    """From the first to the last, with a rim."""
    places = np.flatnonzero(filled)
    return slice(
        max(int(places[0]) - RIM_VOXELS, 0), int(places[-1]) + RIM_VOXELS + 1
    )


def _spacing(affine: Floats) -> tuple[float, float, float]:
    first, second, third = np.linalg.norm(affine[:3, :3], axis=0)
    return float(first), float(second), float(third)
