"""Follow the lesions of a patient from one scan to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.follow_up.deformation import depth_inside, to_index
from mmuldor.functional.follow_up.matching import (
    LesionPair,
    Placed,
    all_uncertain,
    match_lesions,
)
from mmuldor.functional.follow_up.quality import Quality
from mmuldor.functional.follow_up.targets import choose_targets
from mmuldor.io.progress import Progress, no_progress
from mmuldor.scans.follow_up.doubts import pair_notes
from mmuldor.scans.follow_up.judging import judge, map_slices
from mmuldor.scans.follow_up.recist import assess, diameters
from mmuldor.scans.follow_up.registration import Registration, register
from mmuldor.scans.follow_up.result import (
    FollowUp,
    Place,
    SliceMap,
    TimePoint,
)
from mmuldor.scans.volume import Volume

# Standard deviation of an expected place: without deformation, by a share of
# the largest deformation, and by a share of the distance of slices (a key
# slice is off by half of it at most, 0.29 as a standard deviation). On 17
# lesions of phantoms that breathe otherwise by 17 to 20 mm half of the errors
# are below 2 mm, the largest is 7.4 mm.
ERROR_MM, ERROR_SHARE, SLICE_SHARE = 3.0, 0.2, 0.3
# A lesion whose size is not known.
LEAST_DIAMETER_MM = 2.0


def follow(
    baseline: TimePoint,
    follow_up: TimePoint,
    *,
    targets: Sequence[int] | None = None,
    progress: Progress = no_progress,
) -> FollowUp:
    """Register two scans and match their lesions.

    Args:
        baseline: The first scan.
        follow_up: The second scan.
        targets: Numbers of the target lesions of the baseline; by default
            those of
            :func:`mmuldor.functional.follow_up.targets.choose_targets`.
        progress: Wraps the steps of long work.

    Raises:
        ValueError: If a scan shows no body, or a target is no lesion of the
            baseline with a diameter.
    """
    chosen = _targets(baseline, targets)
    found = register(baseline.volume, follow_up.volume, progress)
    return compare(baseline, follow_up, *judge(found), chosen)


def compare(
    baseline: TimePoint,
    follow_up: TimePoint,
    found: Registration,
    quality: Quality,
    targets: Sequence[int],
) -> FollowUp:
    """Match the lesions of two registered scans.

    Args:
        baseline: The first scan.
        follow_up: The second scan.
        found: Their registration.
        quality: Of the registration.
        targets: Indices of the target lesions of the baseline.
    """
    problem = quality.problem
    error_mm = _error_mm(
        quality.deformation_max_mm, baseline.volume, follow_up.volume
    )
    in_follow_up: list[Place | None] = [None] * len(baseline.lesions)
    in_baseline: list[Place | None] = [None] * len(follow_up.lesions)
    if problem:
        counts = (len(point.volume.hu) for point in (baseline, follow_up))
        slices = SliceMap(*(np.full(count, np.nan) for count in counts))
        pairs = all_uncertain(
            len(in_follow_up), len(in_baseline), f'registration: {problem}'
        )
    else:
        slices = map_slices(found, baseline.volume, follow_up.volume)
        there = found.to_follow_up(_centers(baseline))
        back = found.to_baseline(_centers(follow_up))
        in_follow_up = _places(there, follow_up.volume)
        in_baseline = _places(back, baseline.volume)
        pairs = _matched(baseline, follow_up, there, back, error_mm)
    return FollowUp(
        baseline,
        follow_up,
        found.rigid_lps,
        quality,
        problem,
        error_mm,
        pairs,
        in_follow_up,
        in_baseline,
        slices,
        targets,
        assess(baseline, follow_up, pairs, targets),
        pair_notes(baseline, follow_up),
    )


def _targets(baseline: TimePoint, numbers: Sequence[int] | None) -> list[int]:
    lesions = [diameters(record) for record in baseline.records]
    if numbers is None:
        return choose_targets(lesions, baseline.volume.spacing_mm[2])
    known = {record['number']: k for k, record in enumerate(baseline.records)}
    for number in numbers:
        if number not in known:
            raise ValueError(
                f'a target must be the number of a lesion of {baseline.folder}'
                f', but got {number}; there are '
                f'{", ".join(map(str, known)) or "none"}.'
            )
        lesion = lesions[known[number]]
        if not lesion.along(lesion.axis):
            raise ValueError(
                'a target must have a diameter, but lesion '
                f'{number} of {baseline.folder} was not measured.'
            )
    return [known[number] for number in dict.fromkeys(numbers)]


def _error_mm(deformation_mm: float, *volumes: Volume) -> float:
    """Standard deviation of the error of an expected place."""
    slice_mm = max(volume.spacing_mm[2] for volume in volumes)
    parts = [
        ERROR_MM,
        ERROR_SHARE * deformation_mm,
        SLICE_SHARE * slice_mm,
    ]
    return float(np.linalg.norm(parts))


def _centers(point: TimePoint) -> Floats:
    centers = [lesion.center_lps_mm for lesion in point.lesions]
    return np.array(centers, dtype=np.float64).reshape(-1, 3)


def _places(points_mm: Floats, volume: Volume) -> list[Place | None]:
    """Expected places in a volume."""
    indices = to_index(points_mm, volume.affine)
    depth = depth_inside(indices, volume.shape, volume.affine)
    return [
        Place(point, index, bool(deep >= 0))
        for point, index, deep in zip(points_mm, indices, depth, strict=True)
    ]


def _matched(
    baseline: TimePoint,
    follow_up: TimePoint,
    there: Floats,
    back: Floats,
    error_mm: float,
) -> list[LesionPair]:
    """Match lesions in the frame of the follow-up."""
    sides = (
        (baseline, there, there, follow_up.volume),
        (follow_up, _centers(follow_up), back, baseline.volume),
    )
    placed = []
    for point, centers, other, volume in sides:
        index = to_index(other, volume.affine)
        placed.append(
            Placed.of(
                centers,
                [_diameter_mm(point, k) for k in range(len(centers))],
                depth_inside(index, volume.shape, volume.affine),
            )
        )
    return match_lesions(placed[0], placed[1], error_mm)


def _diameter_mm(point: TimePoint, index: int) -> float:
    """Of a ball of the same volume, else of the same extent."""
    lesion = point.lesions[index]
    sides = lesion.box_mm[3:] - lesion.box_mm[:3]
    if lesion.volume_ml:
        diameter = (6000 * lesion.volume_ml / np.pi) ** (1 / 3)
    elif lesion.long_mm and lesion.short_mm:
        diameter = (lesion.long_mm * lesion.short_mm) ** 0.5
    else:
        diameter = np.prod(sides[:2]) ** 0.5
    return max(float(diameter), LEAST_DIAMETER_MM)
