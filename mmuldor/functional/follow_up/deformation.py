"""Displacement fields on a grid: sampling, inversion, plausibility.

A field has the displacement in mm (left, posterior, superior) of each voxel of
a grid, (slices, rows, columns, 3). `affine`, (4, 4), maps (column, row, slice)
indices of the grid to patient coordinates in mm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mmuldor.functional.arrays import Bools, Floats, Numbers

Field = NDArray[np.float32]


def to_index(points_mm: Floats, affine: Floats) -> Floats:
    """(column, row, slice) of points (..., 3), not rounded."""
    matrix = np.linalg.inv(affine)
    indices: Floats = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    return indices


def moved(points: Floats, matrix: Floats) -> Floats:
    """Points (..., 3) after a (4, 4) matrix, such as an affine."""
    found: Floats = np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])
    return found


def sample_field(field: Field, affine: Floats, points_mm: Floats) -> Floats:
    """The displacement at points (..., 3), linear between voxels.

    Beyond the grid that of its border holds.
    """
    from scipy import ndimage

    indices = np.moveaxis(to_index(points_mm, affine), -1, 0)[::-1]
    parts = [
        ndimage.map_coordinates(
            field[..., k], indices, order=1, mode='nearest', output=np.float64
        )
        for k in range(3)
    ]
    sampled: Floats = np.stack(parts, axis=-1)
    return sampled


def sample_volume(
    values: Numbers, affine: Floats, points_mm: Floats
) -> tuple[Floats, Bools]:
    """Values of a volume at points (..., 3), linear, and which it shows.

    Args:
        values: (slices, rows, columns).
        affine: Of the volume.
        points_mm: Patient coordinates, (..., 3).
    """
    from scipy import ndimage

    indices = np.moveaxis(to_index(points_mm, affine), -1, 0)[::-1]
    shape = np.array(values.shape).reshape(3, *[1] * (indices.ndim - 1))
    inside = (indices >= -0.5) & (indices <= shape - 0.5)
    seen: Bools = np.asarray(inside.all(axis=0))
    sampled: Floats = ndimage.map_coordinates(
        values, indices, order=1, mode='nearest', output=np.float64
    )
    return sampled, seen


def grid_points(shape: tuple[int, ...], affine: Floats) -> Floats:
    """Patient coordinates of all voxels, (slices, rows, columns, 3)."""
    indices = np.indices(shape, dtype=np.float64)[::-1]
    return moved(np.moveaxis(indices, 0, -1), affine)


def invert_at(
    field: Field, affine: Floats, points_mm: Floats, rounds: int = 20
) -> Floats:
    """Points x with x + field(x) = `points_mm`, (n, 3), by iteration.

    Converges where the field's derivatives are below 1, that is, where it
    folds nothing; see Chen et al., Med. Phys. 2008.
    """
    found = points_mm.copy()
    for _ in range(rounds):
        found = points_mm - sample_field(field, affine, found)
    return found


def jacobians(field: Field, affine: Floats) -> Floats:
    """How much tissue grows at each voxel: 1 keeps its volume, below 0 folds.

    Returns:
        (slices, rows, columns); 1 everywhere on a grid with an axis of one
        voxel, along which nothing is known.
    """
    if min(field.shape[:3]) < 2:
        return np.ones(field.shape[:3])
    # d field / d index, then by the chain rule d field / d mm.
    slices, rows, columns = (
        np.gradient(field.astype(np.float64), axis=k) for k in range(3)
    )
    by_index = np.stack([columns, rows, slices], axis=-1)
    by_mm = by_index @ np.linalg.inv(affine[:3, :3])
    determinants: Floats = np.linalg.det(by_mm + np.eye(3))
    return determinants


def depth_inside(
    indices: Floats, shape: tuple[int, int, int], affine: Floats
) -> Floats:
    """How deep places lie inside of a volume, in mm; negative outside.

    Args:
        indices: (column, row, slice), (n, 3).
        shape: Slices, rows, columns of the volume.
        affine: Of the volume.

    Returns:
        The distance to the nearest side, (n,); the outer edge of a voxel
        belongs to the volume.
    """
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    ends = np.array(shape[::-1]) - 0.5
    sides = np.minimum(indices + 0.5, ends - indices) * spacing
    depth: Floats = sides.min(axis=-1)
    return depth
