"""Probability of a lesion by score, and operating points of a detector.

Fitted on a validation split; the probability is that a detection on a key
slice hits a lesion of the reference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.froc import FROCCurve, froc_curve
from mmuldor.functional.matching import Matched


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising map from scores to probabilities, linear between its knots.

    Attributes:
        scores: Rising, (k,) float64.
        probabilities: Not falling, in [0, 1], (k,) float64.
    """

    scores: np.ndarray
    probabilities: np.ndarray

    def __call__(self, scores: ArrayLike) -> np.ndarray:
        """Probabilities of scores of any shape; held beyond the ends."""
        values: np.ndarray = np.asarray(scores)
        return np.interp(values, self.scores, self.probabilities)


def fit_isotonic(scores: np.ndarray, hits: np.ndarray) -> Calibration:
    """Isotonic regression by pooling adjacent violators.

    Zadrozny and Elkan, KDD 2002. A block's knots are its smallest and largest
    score, so that the map is a staircase with ramps between the blocks.

    Args:
        scores: Of detections, (n,), n >= 1.
        hits: Whether each one hits a lesion, (n,) bool.

    Raises:
        ValueError: If there is no detection or the shapes differ.
    """
    scores = np.asarray(scores, dtype=np.float64)
    hits = np.asarray(hits, dtype=np.float64)
    if scores.ndim != 1 or scores.shape != hits.shape or not len(scores):
        raise ValueError(
            'calibration needs one hit or miss per score, but got shapes '
            f'{scores.shape} and {hits.shape}.'
        )
    levels, inverse = np.unique(scores, return_inverse=True)
    counts = np.bincount(inverse).astype(np.float64)
    means = np.bincount(inverse, hits) / counts
    blocks: list[list[float]] = []
    for row, (mean, count) in enumerate(zip(means, counts, strict=True)):
        blocks.append([mean, count, row, row])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            mean_2, count_2, _, last = blocks.pop()
            mean_1, count_1, first, _ = blocks.pop()
            total = count_1 + count_2
            mean = (mean_1 * count_1 + mean_2 * count_2) / total
            blocks.append([mean, total, first, last])
    knots = [
        (levels[int(end)], block[0])
        for block in blocks
        for end in sorted({block[2], block[3]})
    ]
    return Calibration(*np.array(knots).T)


def brier_score(probabilities: np.ndarray, hits: np.ndarray) -> float:
    """Mean squared distance of probability and outcome; 0 is perfect."""
    return float(np.mean((probabilities - np.asarray(hits)) ** 2))


def cross_validated(
    scores: np.ndarray, hits: np.ndarray, groups: np.ndarray, folds: int = 5
) -> np.ndarray:
    """Probabilities of detections from fits that have not seen them.

    Args:
        scores: (n,).
        hits: (n,) bool.
        groups: Which belong together, patients, (n,).
        folds: Number of parts that the groups are divided into.

    Returns:
        (n,) float64; NaN where nothing else could be fitted on.
    """
    fold = np.unique(groups, return_inverse=True)[1] % folds
    found = np.full(len(scores), np.nan)
    for number in range(folds):
        part = fold == number
        if part.any() and not part.all():
            found[part] = fit_isotonic(scores[~part], hits[~part])(
                scores[part]
            )
    return found


@dataclass(frozen=True)
class OperatingPoint:
    """A score threshold and its place on the FROC curve.

    Attributes:
        score_thr: Detections with at least this score count.
        fps_per_image: False positives per image that remain.
        sensitivity: Share of the lesions found.
    """

    score_thr: float
    fps_per_image: float
    sensitivity: float


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
            f'no threshold leaves at most {fps_per_image:g} FPs per image: '
            f'the fewest are {least:g}.'
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
