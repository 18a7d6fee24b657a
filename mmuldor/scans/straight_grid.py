"""Volumes whose axes are not at right angles, resampled to a straight grid.

A tilted gantry takes slices that are not at a right angle to the table's way,
so each slice is moved in its plane against the one before. The affine of such
a volume is sheared. ITK knows no sheared grids, the qform of a NIfTI file
cannot hold one, and distances along the axes are no distances in the patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from mmuldor.functional.arrays import Floats, Numbers
from mmuldor.io.limits import MAX_VOXELS
from mmuldor.scans.volume import Volume

# A smaller shear in pixels, from the first to the last slice, is rounding.
_ROUNDING_PX = 0.02
# A smaller one needs no interpolation: with the volume's centre in place, no
# voxel is off by more than half of it.
_SMALL_PX = 0.5
# Gantries tilt by up to 30 degrees.
_MAX_DEGREES = 45.0
# Cosines between axes that differ by less are equal: their fourth decimal is
# that of directions in few decimals. 1e-3 is a slant of 0.06 degrees.
_SAME_COSINE = 1e-3
# Outside the slices is air, at a scan's own lowest value within these HU.
_AIR_HU = (-1024, -1000)

# A note on masks there, after the name of a file on the original grid.
LEFT_OUT_BESIDE = 'leaves out {} pixels of masks in the air that was added'


@dataclass(frozen=True)
class _Shear:
    """A shift along one axis that grows along another one.

    Attributes:
        moved: Axis of the shift: 0 columns, 1 rows, 2 slices.
        along: Axis along which it grows.
        px: Growth from an index to the next, in px of the moved axis.
    """

    moved: int
    along: int
    px: float


def straighten(
    volume: Volume, *, labels: bool = False
) -> tuple[Volume, list[str]]:
    """Resample a volume with a sheared affine to a straight grid.

    Slices keep their number and plane. Each is moved in its plane, by linear
    interpolation along rows and columns. The grid grows in the plane, so that
    nothing is cut off; the new voxels are air.

    Args:
        volume: A volume whose slices may be shifted against each other. Its
            `slice_axis` is across them; if it is None, the axes tell.
        labels: The voxels are labels: the nearest one is taken, and new
            voxels are 0. The grid is the same as of HU.

    Returns:
        The volume with an affine of orthogonal axes, its `slice_axis`, and
        a note; the same volume and no note if its axes already are at right
        angles.

    Raises:
        ValueError: If the axes are slanted by more than 45 degrees, or the
            grid would have more than `MAX_VOXELS`.
    """
    slice_axis = volume.slice_axis
    if slice_axis is None:
        slice_axis = _likely_slice_axis(volume.affine[:3, :3])
    axes, shears = _straight_axes(volume.affine[:3, :3], slice_axis)
    size = volume.shape[::-1]
    drifts_px = [abs(shear.px) * (size[shear.along] - 1) for shear in shears]
    if max(drifts_px) <= _ROUNDING_PX:
        return volume, []
    degrees = _slant_degrees(volume.affine[:3, :3], axes)
    if degrees > _MAX_DEGREES:
        raise ValueError(
            f'{volume.source}: the axes of the volume must be at right '
            f'angles, but are slanted by {degrees:.1f} degrees, more than '
            'any gantry tilt. Convert the scan again from its original.'
        )
    voxels: Numbers = volume.hu
    low, high = _AIR_HU
    fill = 0 if labels else int(np.clip(voxels.min(), low, high))
    shift_px = np.zeros(3)
    for shear, drift_px in zip(shears, drifts_px, strict=True):
        index = np.arange(voxels.shape[2 - shear.along])
        offsets = shear.px * (index + shift_px[shear.along])
        if drift_px <= _SMALL_PX:
            shift_px[shear.moved] += offsets.mean()
            continue
        voxels = _moved(voxels, shear, offsets, fill, labels, volume.source)
        shift_px[shear.moved] += math.floor(offsets.min())
    affine = volume.affine.copy()
    affine[:3, 3] += axes @ shift_px
    affine[:3, :3] = axes
    notes = []
    if max(drifts_px) > _SMALL_PX:
        notes.append(
            f'slices slanted by {degrees:.1f} degrees, as by a gantry tilt, '
            'resampled to a straight grid'
        )
    straight = replace(volume, hu=voxels, affine=affine, slice_axis=slice_axis)
    return straight, notes


def orthogonal_affine(volume: Volume) -> Floats:
    """The affine with axes at right angles, as a qform has them.

    Positions in a file are rounded, which slants the axes a little: a qform
    would straighten them, and ITK refuses an sform like that.

    Raises:
        ValueError: If a voxel would move by more than half its size.
    """
    axes = volume.affine[:3, :3]
    spacing = np.linalg.norm(axes, axis=0)
    # The nearest rotation, by the polar decomposition.
    left, _, right = np.linalg.svd(axes / spacing)
    affine = volume.affine.copy()
    affine[:3, :3] = left @ right * spacing
    # The middle of the volume stays where it is.
    middle = (np.array(volume.shape[::-1]) - 1) / 2
    moved = (axes - affine[:3, :3]) @ middle
    if not np.abs(moved).max() <= spacing.min() / 2:
        raise ValueError(
            f'{volume.source}: the axes of a volume must be at right angles '
            'to be written. Resample it with `straighten`.'
        )
    affine[:3, 3] += moved
    return affine


def _likely_slice_axis(axes: Floats) -> int:
    """The axis across the slices of a volume that does not say it.

    The other two are at a right angle. If a gantry was tilted about one of
    them, that one is at a right angle to all, and rounding must not decide
    between the two pairs: then, slices are axial.

    Args:
        axes: (3, 3), the step along columns, rows and slices as its columns.
    """
    unit = axes / np.linalg.norm(axes, axis=0)
    cosines = np.abs(unit.T @ unit)
    # Of the axis across slices, and of the pair in their plane.
    pairs = {2: cosines[0, 1], 1: cosines[0, 2], 0: cosines[1, 2]}
    least = min(pairs.values()) + _SAME_COSINE
    return next(k for k, cosine in pairs.items() if cosine <= least)


def _straight_axes(
    axes: Floats, slice_axis: int
) -> tuple[Floats, list[_Shear]]:
    """Orthogonal axes, and the shears that lead to them, in this order.

    Args:
        axes: (3, 3), the step along columns, rows and slices as its columns.
        slice_axis: The axis across the slices, k below.

    Returns:
        The straight steps, (3, 3), and the shears. With indices (i, j) in the
        plane and k of the slice, voxel (i, j, k) lies at::

            straight @ (i + a j + b k, j + c k, k)

        The rows are moved by c k first, to j' = j + c k. What is left for the
        columns is a j' + (b - a c) k.
    """
    k = slice_axis
    i, j = (axis for axis in range(3) if axis != k)
    straight = np.array(axes, dtype=np.float64)
    a = _share(straight[:, i], axes[:, j])
    straight[:, j] -= a * straight[:, i]
    b = _share(straight[:, i], axes[:, k])
    c = _share(straight[:, j], axes[:, k])
    straight[:, k] -= b * straight[:, i] + c * straight[:, j]
    shears = [_Shear(j, k, c), _Shear(i, k, b - a * c), _Shear(i, j, a)]
    return straight, shears


def _share(axis: Floats, step: Floats) -> float:
    """How often a step contains an axis, both (3,)."""
    return float(axis @ step / (axis @ axis))


def _slant_degrees(axes: Floats, straight: Floats) -> float:
    """Maximum angle between an axis and its straight one."""
    lengths = np.linalg.norm(axes, axis=0) * np.linalg.norm(straight, axis=0)
    cosines = (axes * straight).sum(axis=0) / lengths
    return float(np.degrees(np.arccos(np.clip(cosines, -1, 1))).max())


def _moved(
    voxels: Numbers,
    shear: _Shear,
    offsets: Floats,
    fill: int,
    nearest: bool,
    source: str,
) -> Numbers:
    """Voxels moved along an axis by an offset that varies along another one.

    Args:
        voxels: (slices, rows, columns).
        shear: The two axes.
        offsets: Offset of each index along `shear.along` in px.
        fill: Value of voxels that come from outside.
        nearest: Take the nearest voxel, do not interpolate.
        source: File or folder of the volume, for messages.

    Returns:
        The voxels on a grid that starts at the whole pixel below the lowest
        offset and ends above the highest one.
    """
    axis, along = 2 - shear.moved, 2 - shear.along
    low, high = math.floor(offsets.min()), math.ceil(offsets.max())
    shape = list(voxels.shape)
    shape[axis] += high - low
    if math.prod(shape) > MAX_VOXELS:
        raise ValueError(
            f'{source}: a volume must have at most {MAX_VOXELS:,} voxels, '
            f'but has {math.prod(shape):,} on a straight grid.'
        )
    grown = np.full(shape, fill, dtype=voxels.dtype)
    source_view = np.moveaxis(voxels, (along, axis), (0, 1))
    grown_view = np.moveaxis(grown, (along, axis), (0, 1))
    count = voxels.shape[axis]
    for before, after, offset in zip(
        source_view, grown_view, offsets, strict=True
    ):
        start = math.floor(offset) - low
        part = offset - math.floor(offset)
        if nearest:
            start, part = start + int(part >= 0.5), 0
        if not part:
            after[start : start + count] = before
            continue
        # Pixel n of the grid lies between the pixels n - 1 and n before.
        edge = np.full((1, *before.shape[1:]), fill, dtype=np.float32)
        padded = np.concatenate([edge, before, edge])
        between = part * padded[:-1] + (1 - part) * padded[1:]
        after[start : start + count + 1] = np.rint(between)
    return grown
