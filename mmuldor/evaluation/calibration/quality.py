"""How good probabilities are: Brier score, skill, calibration error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

BINS = 10


class Reliability(NamedTuple):
    """Bins of probabilities, those that have some, (b,) each.

    Attributes:
        means: Mean probability.
        shares: Share of hits.
        counts: Number of detections.
    """

    means: np.ndarray
    shares: np.ndarray
    counts: np.ndarray


def reliability(
    probabilities: np.ndarray, hits: np.ndarray, bins: int = BINS
) -> Reliability:
    """Mean probability, share of hits and number of each bin that has some.

    Args:
        probabilities: (n,) in [0, 1].
        hits: (n,) bool.
        bins: Of equal width over [0, 1].
    """
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    some = counts > 0
    means = np.bincount(place, probabilities, bins)[some] / counts[some]
    shares = np.bincount(place, hits, bins)[some] / counts[some]
    return Reliability(means, shares, counts[some])


def brier_score(probabilities: np.ndarray, hits: np.ndarray) -> float:
    """Mean squared distance of probability and outcome; 0 is perfect."""
    return float(np.mean((probabilities - np.asarray(hits)) ** 2))


def brier_skill(probabilities: np.ndarray, hits: np.ndarray) -> float | None:
    """1 - Brier score / that of the share of hits as every probability.

    1 is perfect, 0 is as good as the share alone, less is worse (Murphy,
    J. Appl. Meteorol. 1973). None where all are hits or none is.
    """
    share = float(np.mean(hits))
    if share in (0.0, 1.0):
        return None
    return 1 - brier_score(probabilities, hits) / (share * (1 - share))


def calibration_error(probabilities: np.ndarray, hits: np.ndarray) -> float:
    """Expected calibration error: mean of |mean probability - share of hits|.

    Over ten bins of equal width, weighted by their numbers of detections
    (Naeini et al., AAAI 2015).
    """
    means, shares, counts = reliability(probabilities, hits)
    return float(np.average(np.abs(means - shares), weights=counts))
