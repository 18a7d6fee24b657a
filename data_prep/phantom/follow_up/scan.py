"""One scan of a pair: voxels sampled from the anatomy, and true masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mmuldor.functional.masks import CroppedMask, crop_mask
from mmuldor.scans.lesions import Lesion, SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.volume import Volume

from ..anatomy.body import Body
from ..anatomy.canvas import Canvas
from ..anatomy.tissue import Palette, Tissue
from ..lesions.lesion import PhantomLesion, largest_piece
from ..scanner import Scanner
from ..series import FOV_MM
from .settings import PairSettings
from .source import Source

# Denser than this is patient, not air around it; lungs are -865 HU.
_AIR_HU = -900.0
# A lesion that the ends of the scan leave less than this is not seen whole.
SEEN_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class ScanPlan:
    """The grid of a scan, and where the patient lies in it.

    Attributes:
        spacing_mm: Distance of pixels.
        interval_mm: Distance of slices.
        origin_mm: x y z of the first voxel's centre, (3,).
        shape: Slices, rows, columns.
        table_mm: How far the table lies below where it was at baseline.
        to_baseline: Maps points (..., 3) of this scan to those of the
            anatomy at baseline.
    """

    spacing_mm: float
    interval_mm: float
    origin_mm: np.ndarray
    shape: tuple[int, int, int]
    table_mm: float
    to_baseline: Callable[[np.ndarray], np.ndarray]

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        body: Body,
        ends_mm: tuple[float, float],
        middle_mm: np.ndarray,
        settings: PairSettings,
        to_baseline: Callable[[np.ndarray], np.ndarray],
    ) -> ScanPlan:
        """A random grid.

        Args:
            rng: Draws field of view, interval and a shift of the field.
            body: The patient.
            ends_mm: Heights of the first and of the last slice.
            middle_mm: x y of the patient's axis, (2,).
            settings: Sizes and ranges.
            to_baseline: As in the class.
        """
        width = 2 * body.half(300)[0]
        fov = float(np.clip(width * rng.uniform(1.15, 1.4), *FOV_MM))
        spacing = round(fov / settings.size, 6)
        interval = float(rng.choice(settings.intervals_mm))
        center = middle_mm + rng.normal(0, 5.0, 2)
        corner = center - (settings.size - 1) / 2 * spacing
        count = int((ends_mm[1] - ends_mm[0]) / interval) + 1
        return cls(
            spacing,
            interval,
            np.array([*corner, ends_mm[0]]),
            (count, settings.size, settings.size),
            float(middle_mm[1]),
            to_baseline,
        )

    @property
    def affine(self) -> np.ndarray:
        """(4, 4), from (column, row, slice) to patient coordinates, LPS."""
        affine = np.diag([self.spacing_mm] * 2 + [self.interval_mm, 1.0])
        affine[:3, 3] = self.origin_mm
        return affine

    def points(self, index: int) -> np.ndarray:
        """Points of the anatomy that a slice shows, (rows, columns, 3)."""
        _, rows, columns = self.shape
        x = self.origin_mm[0] + np.arange(columns) * self.spacing_mm
        y = self.origin_mm[1] + np.arange(rows) * self.spacing_mm
        z = self.origin_mm[2] + index * self.interval_mm
        grid = np.stack(np.broadcast_arrays(x[None], y[:, None], z), axis=-1)
        return self.to_baseline(grid)


def make_scan(
    rng: np.random.Generator,
    plan: ScanPlan,
    source: Source,
    body: Body,
    palette: Palette,
    lesions: Sequence[PhantomLesion | None],
    lesion_types: Sequence[str],
    settings: PairSettings,
    name: str,
) -> tuple[Volume, list[Lesion | None]]:
    """Sample a scan.

    Returns:
        The scan, and each lesion measured on its true masks; None for one
        that is not there, or of which the scan shows less than `SEEN_SHARE`.
    """
    scanner = Scanner(
        rng,
        settings.size,
        plan.spacing_mm,
        True,
        rng.uniform(*settings.noise_hu),
        settings.difficulty,
    )
    density = source.hu(palette)
    table = _table(plan, body, palette)
    planes, masks = [], [dict[int, CroppedMask]() for _ in lesions]
    for index in range(plan.shape[0]):
        points = plan.points(index)
        hu = source.sample(density, points)
        hu = np.where(hu < _AIR_HU, np.maximum(hu, table), hu)
        for lesion, found in zip(lesions, masks, strict=True):
            mask = None if lesion is None else _blend(lesion, hu, points)
            if mask is not None:
                found[index] = mask
        planes.append(scanner.acquire(hu.astype(np.float32), index))
    volume = Volume(np.stack(planes), plan.affine, name)
    measured = [
        _measured(lesion, kind, found, plan)
        for lesion, kind, found in zip(
            lesions, lesion_types, masks, strict=True
        )
    ]
    return volume, measured


def _table(plan: ScanPlan, body: Body, palette: Palette) -> np.ndarray:
    """HU of the table in each slice, air elsewhere."""
    canvas = Canvas(
        plan.shape[1],
        plan.spacing_mm,
        (
            -plan.origin_mm[0] / plan.spacing_mm,
            (plan.table_mm - plan.origin_mm[1]) / plan.spacing_mm,
        ),
    )
    body.paint_table(canvas)
    hu = np.full(canvas.label.shape, float(palette.hu[Tissue.AIR]))
    for label in (Tissue.TABLE, Tissue.PAD):
        hu[canvas.label == label] = palette.hu[label]
    return hu


def _blend(
    lesion: PhantomLesion, hu: np.ndarray, points: np.ndarray
) -> CroppedMask | None:
    """Blend a lesion into a slice, in place; its mask there, if any."""
    near = np.abs(points - lesion.centre).max(axis=-1) < lesion.reach
    if not near.any():
        return None
    rows, columns = (
        slice(int(at[0]), int(at[-1]) + 1)
        for at in (np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0)))
    )
    x, y, z = np.moveaxis(points[rows, columns], -1, 0)
    distance = lesion.distance(x, y, z)
    part = hu[rows, columns]
    part += lesion.alpha(distance) * (lesion.shade(distance) - part)
    inside = largest_piece((distance < 0).astype(np.uint8))
    return crop_mask(inside, rows.start, columns.start)


def _measured(
    lesion: PhantomLesion | None,
    lesion_type: str,
    masks: dict[int, CroppedMask],
    plan: ScanPlan,
) -> Lesion | None:
    if lesion is None or not masks:
        return None
    voxel = plan.spacing_mm**2 * plan.interval_mm
    seen = sum(mask.area_px for mask in masks.values()) * voxel
    at_end = {0, plan.shape[0] - 1} & set(masks)
    if at_end and seen < SEEN_SHARE * lesion.volume_mm3():
        return None
    largest = max(masks, key=lambda index: masks[index].area_px)
    order = sorted(masks, key=lambda index: (index != largest, index))
    detections = [
        SliceDetection(
            index, masks[index].box_px, 1.0, masks[index], lesion_type
        )
        for index in order
    ]
    return measure_lesion(detections, plan.affine)
