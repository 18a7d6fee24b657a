"""Registration of two scans: profiles, then rigid, then deformable.

SimpleITK does both registrations on coarse grids. The same scans give the same
result, whatever the number of processors: sampling is seeded; the rigid
registration runs in one thread, since several add up in varying order; the
deformable one computes each voxel alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmuldor.functional.arrays import Bools, Floats
from mmuldor.functional.follow_up.alignment import candidate_shifts
from mmuldor.functional.follow_up.deformation import (
    Field,
    grid_points,
    invert_at,
    moved,
    sample_field,
)
from mmuldor.io.progress import Progress, no_progress
from mmuldor.scans.follow_up.coarse import AIR_HU, CoarseScan, coarse_grid_mm
from mmuldor.scans.volume import Volume

# Of the deformable registration, as threads.
WORK_UNITS = 2
SEED = 19
# First step, in voxels: larger ones leave a good start.
STEP = 0.25
# Iterations of each start on the coarsest grid, and of the best one on a finer
# grid. A coarse grid has 8 times fewer voxels.
START_ROUNDS, COARSE_ROUNDS, FINE_ROUNDS = 30, 60, 30
# Of the deformable registration, by the factor of its grid, coarse to fine;
# fields are smoothed by so many voxels after each.
LEVELS = ((4, 60), (2, 60), (1, 40))
SMOOTH_VOXELS = 1.5


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the baseline lies in the follow-up.

    Attributes:
        rigid_lps: (4, 4), from patient coordinates of the baseline to those
            of the follow-up.
        field: Displacement in mm that comes before it, on the grid of
            `baseline`, (slices, rows, columns, 3).
        baseline: The baseline on the grid of the field.
        follow_up: The follow-up on its own coarse grid.
    """

    rigid_lps: Floats
    field: Field
    baseline: CoarseScan
    follow_up: CoarseScan

    def to_follow_up(self, points_mm: Floats) -> Floats:
        """Where points (n, 3) of the baseline lie in the follow-up, mm."""
        shift = sample_field(self.field, self.baseline.affine, points_mm)
        return moved(points_mm + shift, self.rigid_lps)

    def to_baseline(self, points_mm: Floats) -> Floats:
        """Where points (n, 3) of the follow-up lie in the baseline, mm."""
        back = moved(points_mm, np.linalg.inv(self.rigid_lps).astype(float))
        return invert_at(self.field, self.baseline.affine, back)


def register(
    baseline: Volume,
    follow_up: Volume,
    progress: Progress = no_progress,
) -> Registration:
    """Register two scans.

    Args:
        baseline: The first scan.
        follow_up: The second scan.
        progress: Wraps the steps; gets their number and a description.

    Raises:
        ValueError: If a scan shows no body.
    """
    grid_mm = coarse_grid_mm(baseline, follow_up)
    fixed, moving = (
        CoarseScan.of(volume, grid_mm) for volume in (baseline, follow_up)
    )
    # A place beside the follow-up's grid is not seen, so that is not cropped.
    fixed = fixed.cropped()
    matrix = rigid_matrix(fixed, moving)
    field = np.zeros((*fixed.hu.shape, 3), dtype=np.float32)
    for factor, rounds in progress(LEVELS, len(LEVELS), 'registering'):
        field = _refined(fixed, moving, matrix, field, factor, rounds)
    return Registration(matrix, field, fixed, moving)


def rigid_matrix(fixed: CoarseScan, moving: CoarseScan) -> Floats:
    """The rigid registration, (4, 4), from fixed to moving coordinates."""
    coarse = fixed.joined(2), moving.joined(2)
    starts = [
        _rigid(*coarse, start, START_ROUNDS)
        for start in _starts(fixed, moving)
    ]
    _, best = min(starts, key=lambda found: found[0])
    _, best = _rigid(*coarse, best, COARSE_ROUNDS)
    _, best = _rigid(fixed, moving, best, FINE_ROUNDS)
    return best


def _starts(fixed: CoarseScan, moving: CoarseScan) -> list[Floats]:
    """Shifts after which profiles along the body are alike, (4, 4) each."""
    heights = fixed.slice_mm(), moving.slice_mm()
    shifts = candidate_shifts(
        fixed.profiles(), heights[0], moving.profiles(), heights[1]
    )
    starts = []
    for shift in shifts:
        low = max(heights[0][0], heights[1][0] - shift)
        high = min(heights[0][-1], heights[1][-1] - shift)
        here = fixed.body_center_mm(low, high)
        there = moving.body_center_mm(low + shift, high + shift)
        start = np.eye(4)
        start[:2, 3] = (there - here)[:2]
        start[2, 3] = shift
        starts.append(start)
    return starts


def _rigid(
    fixed: CoarseScan, moving: CoarseScan, start: Floats, rounds: int
) -> tuple[float, Floats]:
    """Metric (lower is better) and matrix after so many iterations."""
    import SimpleITK as sitk  # noqa: N813

    transform = sitk.Euler3DTransform()
    center = fixed.body_center_mm(-np.inf, np.inf)
    transform.SetCenter(center.tolist())
    transform.SetMatrix(start[:3, :3].ravel().tolist(), tolerance=1e-6)
    shift = start[:3, :3] @ center + start[:3, 3] - center
    transform.SetTranslation(shift.tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfWorkUnits(1)
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricFixedMask(fixed.image(_rimmed_body(fixed)))
    method.SetMetricMovingMask(moving.image(moving.shown.astype(np.uint8)))
    method.SetMetricSamplingStrategy(method.RANDOM)
    voxels = float(np.prod(fixed.hu.shape))
    method.SetMetricSamplingPercentage(min(1.0, 60_000 / voxels), SEED)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=STEP * max(fixed.spacing_mm),
        minStep=0.02,
        numberOfIterations=rounds,
        relaxationFactor=0.6,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetInitialTransform(transform, inPlace=True)
    try:
        method.Execute(fixed.image(), moving.image())
    except RuntimeError:
        # Nothing in common: worse than anything else.
        return np.inf, start
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    return method.GetMetricValue(), matrix


def _rimmed_body(scan: CoarseScan) -> Any:
    """The body with a rim of air, as far as the scanner measured, uint8."""
    from scipy import ndimage

    rimmed = ndimage.binary_dilation(scan.body, iterations=2) & scan.shown
    return rimmed.astype(np.uint8)


def _refined(
    fixed: CoarseScan,
    moving: CoarseScan,
    matrix: Floats,
    field: Field,
    factor: int,
    rounds: int,
) -> Field:
    """The field after iterations on a grid that is coarser by a factor."""
    import SimpleITK as sitk  # noqa: N813

    if min(fixed.hu.shape) < 4 * factor:
        return field
    level = fixed.joined(factor) if factor > 1 else fixed
    target = level.image()
    source = moving.joined(factor) if factor > 1 else moving
    warped, seen = _resampled(source, level, matrix)
    # Where one of both shows nothing, nothing pulls.
    values = np.where(
        seen & level.shown, warped, sitk.GetArrayFromImage(target)
    )
    start = sitk.GetImageFromArray(field.astype(np.float64), isVector=True)
    start.CopyInformation(fixed.image())
    demons = sitk.FastSymmetricForcesDemonsRegistrationFilter()
    demons.SetNumberOfWorkUnits(WORK_UNITS)
    demons.SetNumberOfIterations(rounds)
    demons.SetSmoothDisplacementField(True)
    demons.SetStandardDeviations(SMOOTH_VOXELS)
    grown = demons.Execute(
        target, level.image(values.astype(np.float32)),
        sitk.Resample(start, target, sitk.Transform(), sitk.sitkLinear),
    )  # fmt: skip
    return _on_grid(sitk.GetArrayFromImage(grown), level, fixed)


def _resampled(
    moving: CoarseScan, grid: CoarseScan, matrix: Floats
) -> tuple[Floats, Bools]:
    """The moving scan on another grid, and where it shows anything."""
    import SimpleITK as sitk  # noqa: N813

    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    target = grid.image()
    images = moving.image(), moving.image(moving.shown.astype(np.float32))
    found, shown = (
        sitk.GetArrayFromImage(
            sitk.Resample(image, target, transform, sitk.sitkLinear, outside)
        )
        for image, outside in zip(images, (AIR_HU, 0.0), strict=True)
    )
    return found, shown >= 0.5


def _on_grid(field: Any, coarse: CoarseScan, fine: CoarseScan) -> Field:
    """A field of a coarse grid on a fine one, linear between voxels."""
    if coarse is fine:
        return field.astype(np.float32)
    points = grid_points(fine.hu.shape, fine.affine)
    return sample_field(field, coarse.affine, points).astype(np.float32)
