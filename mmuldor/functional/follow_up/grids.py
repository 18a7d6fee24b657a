"""Coarse grids of a volume, its body, and profiles along it."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmuldor.functional.arrays import Bools, Floats, Numbers

# As in `mmuldor.functional.segmentation.body_box`.
AIR_HU = -500.0
# What is thinner is no body: the shell of a table, tubes, wires.
THIN_MM = 8.0
BONE_HU = 200.0
# Corners that differ by less were filled, and not measured.
FILLED_HU = 1.0


def block_factors(
    spacing_mm: tuple[float, float, float], grid_mm: float
) -> tuple[int, int, int]:
    """Voxels to join along columns, rows and slices for a coarse grid."""
    first, second, third = (
        max(1, round(grid_mm / spacing)) for spacing in spacing_mm
    )
    return first, second, third


def block_mean(hu: Numbers, factors: tuple[int, int, int]) -> Any:
    """Means of blocks of voxels; incomplete blocks at the ends are left out.

    Args:
        hu: (slices, rows, columns).
        factors: Voxels to join along columns, rows and slices, as of
            :func:`block_factors`; at most the number of voxels is used.

    Returns:
        (slices, rows, columns) float32, at least one voxel along each axis.
    """
    sizes = [
        min(factor, size)
        for factor, size in zip(factors[::-1], hu.shape, strict=True)
    ]
    counts = [
        size // block for size, block in zip(hu.shape, sizes, strict=True)
    ]
    planes = []
    for k in range(counts[0]):
        # A slab at a time: a scan as float32 would be 300 MB and more.
        slab = hu[k * sizes[0] : (k + 1) * sizes[0]]
        slab = slab[:, : counts[1] * sizes[1], : counts[2] * sizes[2]]
        blocks = slab.reshape(
            sizes[0], counts[1], sizes[1], counts[2], sizes[2]
        )
        planes.append(blocks.mean(axis=(0, 2, 4), dtype=np.float32))
    return np.stack(planes)


def block_affine(
    affine: Floats, factors: tuple[int, int, int], shape: tuple[int, ...]
) -> Floats:
    """The affine of :func:`block_mean` of a volume of a shape, (4, 4).

    The centre of a block of n voxels lies (n - 1) / 2 voxels from its first.
    """
    steps = np.minimum(factors, shape[::-1]).astype(np.float64)
    coarse = affine.copy()
    coarse[:3, :3] = affine[:3, :3] * steps
    coarse[:3, 3] += affine[:3, :3] @ ((steps - 1) / 2)
    return coarse


def body_mask(hu: Numbers, spacing_mm: tuple[float, float, float]) -> Bools:
    """The patient without table, with lungs and bowel gas.

    In each slice: denser than air, opened by `THIN_MM`, holes filled. Then
    the largest piece in space.

    Args:
        hu: (slices, rows, columns).
        spacing_mm: Of columns, rows and slices.

    Returns:
        (slices, rows, columns) bool; empty if there is no body.
    """
    from scipy import ndimage

    dense = np.asarray(hu) > AIR_HU
    wide = [2 * int(THIN_MM / 2 / mm + 0.5) + 1 for mm in spacing_mm[:2]]
    footprint = np.ones((1, wide[1], wide[0]), dtype=bool)
    dense = ndimage.binary_opening(dense, footprint)
    pieces, count = ndimage.label(dense)
    if not count:
        return np.zeros(dense.shape, dtype=bool)
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    body = pieces == largest
    filled: Bools = np.stack(
        [ndimage.binary_fill_holes(plane) for plane in body]
    )
    return filled


def shown_mask(hu: Numbers) -> Bools:
    """What of the slices the scanner measured.

    Scanners measure the inscribed circle of a slice and fill its corners with
    one value. A body that the circle cuts does not end there.

    Args:
        hu: (slices, rows, columns).

    Returns:
        (rows, columns) bool: the inscribed ellipse if all corners have one
        value, else everything.
    """
    _, rows, columns = hu.shape
    y = (np.arange(rows) + 0.5) / rows * 2 - 1
    x = (np.arange(columns) + 0.5) / columns * 2 - 1
    # The edge of the circle runs through voxels of a coarse grid.
    step = 2 / max(min(rows, columns), 1)
    radius = np.hypot(x[None], y[:, None])
    corners = hu[:, radius > 1 + step]
    if corners.size and np.ptp(corners) <= FILLED_HU:
        inside: Bools = radius <= 1 - step
        return inside
    return np.ones((rows, columns), dtype=bool)


def slice_profiles(hu: Numbers, body: Bools, pixel_mm2: float) -> Floats:
    """Areas of body, lung and bone in each slice, (slices, 3) cm2.

    Args:
        hu: (slices, rows, columns).
        body: Of the same shape.
        pixel_mm2: Area of a pixel.
    """
    lung = body & (hu < AIR_HU)
    bone = body & (hu > BONE_HU)
    areas = [mask.sum(axis=(1, 2)) for mask in (body, lung, bone)]
    profiles: Floats = np.stack(areas, axis=1) * (pixel_mm2 / 100)
    return profiles
