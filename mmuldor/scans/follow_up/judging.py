"""How well a registration fits, and which slices belong together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mmuldor.functional.arrays import Bools, Floats
from mmuldor.functional.follow_up.deformation import (
    grid_points,
    jacobians,
    moved,
    sample_volume,
    to_index,
)
from mmuldor.functional.follow_up.quality import JACOBIANS, Quality
from mmuldor.scans.follow_up.coarse import AIR_HU, DENSE_HU, CoarseScan
from mmuldor.scans.follow_up.registration import Registration
from mmuldor.scans.follow_up.result import SliceMap
from mmuldor.scans.volume import Volume

# Every second voxel along each axis: some 80,000 tell enough.
THINNED = (slice(None, None, 2),) * 3


def judge(found: Registration) -> tuple[Registration, Quality]:
    """A registration and its quality, without a deformation that harms."""
    quality = measure_quality(found)
    if quality.correlation >= quality.correlation_rigid:
        return found, quality
    rigid = replace(found, field=np.zeros_like(found.field))
    return rigid, measure_quality(rigid)


def measure_quality(found: Registration) -> Quality:
    """What can be measured without knowing the truth."""
    fixed, moving = found.baseline, found.follow_up
    points = grid_points(fixed.hu.shape, fixed.affine)[THINNED]
    deformed = points + found.field[THINNED]
    rigid = found.rigid_lps
    after = _Overlay(fixed, moving, moved(deformed, rigid))
    body = fixed.body[THINNED]
    lengths = np.linalg.norm(found.field[THINNED], axis=-1)[body]
    growth = jacobians(found.field, fixed.affine)[THINNED][after.common]
    folded = (growth < JACOBIANS[0]) | (growth > JACOBIANS[1])
    middle = points[body].mean(axis=0)
    shift = moved(middle[None], rigid)[0] - middle
    cosine = np.clip((np.trace(rigid[:3, :3]) - 1) / 2, -1, 1)
    return Quality(
        correlation=after.correlation(),
        correlation_rigid=_Overlay(
            fixed, moving, moved(points, rigid)
        ).correlation(),
        correlation_before=_Overlay(fixed, moving, points).correlation(),
        body_dice=after.dice(),
        common_share=float(after.seen[body].mean()),
        implausible_share=float(folded.mean()) if folded.size else 0.0,
        rotation_deg=float(np.degrees(np.arccos(cosine))),
        shift_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        deformation_median_mm=float(np.median(lengths)),
        deformation_max_mm=float(lengths.max()),
    )


class _Overlay:
    """The follow-up at points that belong to the voxels of the baseline."""

    def __init__(
        self, fixed: CoarseScan, moving: CoarseScan, points: Floats
    ) -> None:
        self._fixed = np.clip(fixed.hu[THINNED], AIR_HU, DENSE_HU)
        hu = np.clip(moving.hu, AIR_HU, DENSE_HU)
        self._moved, there = sample_volume(hu, moving.affine, points)
        inside, shown = (
            sample_volume(mask.astype(np.float32), moving.affine, points)[0]
            for mask in (moving.body, moving.shown)
        )
        self.seen = there & (shown >= 0.5) & fixed.shown[THINNED]
        body = fixed.body[THINNED]
        self._bodies: tuple[Bools, Bools] = body, inside >= 0.5
        self.common = self.seen & body & self._bodies[1]

    def correlation(self) -> float:
        """Of HU in the common body; 0 if there is next to none."""
        first, second = self._fixed[self.common], self._moved[self.common]
        if len(first) < 10 or first.std() == 0 or second.std() == 0:
            return 0.0
        return float(np.corrcoef(first, second)[0, 1])

    def dice(self) -> float:
        """Of both bodies where both scans show anything."""
        first, second = (body & self.seen for body in self._bodies)
        both = int(first.sum() + second.sum())
        return 2 * float((first & second).sum()) / both if both else 0.0


def map_slices(
    found: Registration, baseline: Volume, follow_up: Volume
) -> SliceMap:
    """For each slice of one scan the slice of the other that shows its body.

    The middle of the body of each slice is followed, so that a rotation of
    the patient moves the slices as little as possible.
    """
    first = _body_middles(found.baseline, baseline)
    second = _body_middles(found.follow_up, follow_up)
    return SliceMap(
        _slices(found.to_follow_up(first), follow_up),
        _slices(found.to_baseline(second), baseline),
    )


def _body_middles(coarse: CoarseScan, volume: Volume) -> Floats:
    """Patient coordinates of the middle of the body, (slices, 3)."""
    count = len(volume.hu)
    shown = np.flatnonzero(coarse.body.any(axis=(1, 2)))
    middles = np.array(
        [np.argwhere(coarse.body[k]).mean(axis=0)[::-1] for k in shown]
    )
    places = np.column_stack([middles, shown]) @ coarse.affine[:3, :3].T
    index = to_index(places + coarse.affine[:3, 3], volume.affine)
    order = np.argsort(index[:, 2])
    at = np.arange(count, dtype=np.float64)
    x, y = (
        np.interp(at, index[order, 2], index[order, axis]) for axis in (0, 1)
    )
    return volume.to_patient(np.column_stack([x, y, at]))


def _slices(points_mm: Floats, volume: Volume) -> Floats:
    """Slice of each point, NaN outside of the volume."""
    index = to_index(points_mm, volume.affine)[:, 2]
    outside = (index < -0.5) | (index > len(volume.hu) - 0.5)
    index[outside] = np.nan
    return index
