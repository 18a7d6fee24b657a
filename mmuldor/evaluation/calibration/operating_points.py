"""Operating points of a detector: score thresholds on its FROC curve.

An "image" is a key slice, or a volume where volumes were evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmuldor.evaluation.calibration.fp_interval import RateInterval
from mmuldor.functional.froc import FROCCurve, froc_curve
from mmuldor.functional.matching import Matched


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
