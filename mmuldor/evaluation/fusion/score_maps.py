"""Scores of detectors on one scale.

- ``none``: as they are, for trainings of the same detector.
- ``rank``: 1 / (1 + r), r the detections per image of this detector at or
  above the score. Any detector whose scores sort its detections in the same
  way gets the same values, whatever their scale.
- ``calibrated``: the probability of a hit, by isotonic regression on a
  validation split.
"""

from __future__ import annotations

import numpy as np

from mmuldor.evaluation.calibration.fitting import repeated_hits
from mmuldor.evaluation.calibration.isotonic import Calibration, fit_isotonic
from mmuldor.functional.matching import Matched

NONE, RANK, CALIBRATED = KINDS = ('none', 'rank', 'calibrated')
# Knots of a map of ranks, evenly spaced in its values, which lie in 0 to 1.
_KNOTS = 400


def rank_map(scores: np.ndarray, num_images: int) -> Calibration:
    """The map of ``rank``, see the module.

    Args:
        scores: Of all detections of a detector, (n,), n >= 1.
        num_images: Of the images it ran on.
    """
    levels, counts = np.unique(scores, return_counts=True)
    at_or_above = np.cumsum(counts[::-1])[::-1] / num_images
    values = 1 / (1 + at_or_above)
    if len(levels) > _KNOTS:
        even = np.linspace(values[0], values[-1], _KNOTS)
        rows = np.unique(
            np.searchsorted(values, even).clip(0, len(levels) - 1)
        )
        levels, values = levels[rows], values[rows]
    return Calibration(levels, values)


def probability_map(matched: Matched) -> Calibration:
    """The map of ``calibrated``, from matched detections of a split."""
    counted = ~repeated_hits(matched)
    return fit_isotonic(
        matched.det_score[counted], ~matched.det_is_fp[counted]
    )
