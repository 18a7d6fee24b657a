"""Operating points of a detector: score thresholds on its FROC curve.

An "image" is a key slice, or a volume where volumes were evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmuldor.evaluation.calibration.fp_interval import RateInterval
from mmuldor.functional.froc import FROCCurve, froc_curve
from mmuldor.functional.matching import Matched

# Curves of at most so many points are kept whole.
_FEW_POINTS = 400
# Quarters of a percent, so that whole percents are among them.
_SENSITIVITIES = 400
# FP rates of two digits, 0.01 to 0.099 and so on, and LUNA16's lowest.
_FINE_FPS = [d / s for s in (1000, 100, 10, 1) for d in range(10, 100)]
_FINE_UNTIL = 32.0
_LUNA16_FPS = 0.125


@dataclass(frozen=True)
class OperatingPoint:
    """A score threshold and its place on the FROC curve.

    Attributes:
        score_thr: Detections with at least this score count.
        fps_per_image: False positives per image that remain.
        sensitivity: Share of the lesions found.
        fps_95: Where the FPs per image of as many other images will lie, see
            `fp_interval`; None if unknown.
    """

    score_thr: float
    fps_per_image: float
    sensitivity: float
    fps_95: RateInterval | None = None


def operating_points(matched: Matched) -> list[OperatingPoint]:
    """All points that a threshold can reach, the highest threshold first.

    Raises:
        ValueError: If the curve is undefined, or detections are ranked by
            more than their scores (tiers).
    """
    curve: FROCCurve = froc_curve(matched)
    thresholds = np.full(matched.num_steps, np.nan)
    thresholds[matched.det_step] = matched.det_score
    if (np.diff(thresholds) >= 0).any():
        raise ValueError(
            'an operating point needs detections that are ranked by score '
            'alone, but these are ranked by class too.'
        )
    return [
        OperatingPoint(*point)
        for point in zip(
            thresholds.tolist(),
            curve.fps_per_image[1:].tolist(),
            curve.sensitivity[1:].tolist(),
            strict=True,
        )
    ]


def thinned(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """The points of a long curve that a choice can fall on.

    Kept are the first and the last point; every point that finds another
    lesion, or with more than 400 of them the first one at each quarter of a
    percent; and the last one with at most each rate of two digits up to 32
    FPs per image, beyond it of one digit. So a choice at such a rate or such
    a sensitivity is that of all points, and between two rates it is that of
    the lower one, at most a tenth below from 0.01 FPs on. Points evenly
    spaced over the detections would nearly all lie at rates that nobody
    chooses.

    Args:
        points: Of `operating_points`.
    """
    if len(points) <= _FEW_POINTS:
        return list(points)
    fps = np.array([point.fps_per_image for point in points])
    found = np.array([point.sensitivity for point in points])
    rises = np.flatnonzero(np.diff(found, prepend=0.0) > 0)
    if len(rises) > _SENSITIVITIES:
        levels = np.arange(1, _SENSITIVITIES + 1) / _SENSITIVITIES
        rises = np.searchsorted(found, levels[levels <= found[-1]])
    at_rates = np.searchsorted(fps, _rates(fps[-1]), side='right') - 1
    ends = [0, len(points) - 1]
    rows = np.unique(np.concatenate([ends, rises, at_rates[at_rates >= 0]]))
    return [points[row] for row in rows]


def _rates(end: float) -> list[float]:
    """FP rates up to `end`, rising by at most a tenth up to `_FINE_UNTIL`."""
    rates = [r for r in _FINE_FPS if r <= _FINE_UNTIL] + [_LUNA16_FPS]
    power = 10.0
    while power <= end:
        rates += [digit * power for digit in range(1, 10)]
        power *= 10
    return rates


def choose_point(
    points: list[OperatingPoint],
    fps_per_image: float | None,
    sensitivity: float | None,
) -> OperatingPoint | None:
    """The point at an FP rate or a sensitivity, None if neither is given.

    Raises:
        ValueError: If both are given, or there is no such point.
    """
    if fps_per_image is not None and sensitivity is not None:
        raise ValueError(
            'an operating point has an FP rate or a sensitivity, but got both.'
        )
    if fps_per_image is not None:
        return point_at_fps(points, fps_per_image)
    if sensitivity is not None:
        return point_at_sensitivity(points, sensitivity)
    return None


def point_at_fps(
    points: list[OperatingPoint], fps_per_image: float
) -> OperatingPoint:
    """The point of the highest sensitivity with at most these FPs per image.

    Raises:
        ValueError: If every point has more.
    """
    allowed = [p for p in points if p.fps_per_image <= fps_per_image]
    if not allowed:
        least = min((p.fps_per_image for p in points), default=np.nan)
        raise ValueError(
            f'no threshold leaves at most {fps_per_image:g} FPs (--fps): the '
            f'fewest are {least:g}.'
        )
    return allowed[-1]


def point_at_sensitivity(
    points: list[OperatingPoint], sensitivity: float
) -> OperatingPoint:
    """The point of the fewest FPs that finds at least such a share.

    Raises:
        ValueError: If no point does.
    """
    for point in points:
        if point.sensitivity >= sensitivity:
            return point
    most = max((p.sensitivity for p in points), default=np.nan)
    raise ValueError(
        f'no threshold reaches a sensitivity of {sensitivity:g}: the maximum '
        f'is {most:g}.'
    )
