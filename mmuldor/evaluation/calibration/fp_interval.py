"""How far the FPs per volume of other scans may lie from those seen.

Volumes of one patient resemble each other and some patients have many FPs, so
FPs are no Poisson counts: the variance is taken between patients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEVEL = 0.95
# Operating points are stated with an interval of at most this, in parts of
# the rate, on either side.
MAX_WIDTH = 0.35
# Of n FPs of two equal samples all lie in the second with 2 ** -n; six have a
# probability below 0.025, so where none was seen, five may come.
_UNSEEN = 5
# With fewer patients, Student's t alone is above 3.
_LEAST_PATIENTS = 5


class RateInterval(NamedTuple):
    """Where a rate of false positives will lie, 95 %.

    Attributes:
        low: FPs per volume (or image).
        high: The same.
    """

    low: float
    high: float

    def width(self, rate: float) -> float:
        """The longer side in parts of `rate`; infinite where it is 0."""
        if rate <= 0:
            return np.inf
        return max(self.high / rate - 1, 1 - self.low / rate)


def rate_interval(
    fps: np.ndarray, patients: np.ndarray
) -> RateInterval | None:
    """The 95 % interval of the FPs per volume of as many other volumes.

    The rate of these volumes and that of the others both vary, so the
    variance counts twice; the volumes that chose a threshold are no worse
    than that. The relative variance of the rate r = sum f / sum v over
    patients with f FPs on v volumes is that of a ratio,

        P / (P - 1) * sum (f - r v)^2 / (sum f)^2,

    at least Poisson's 1 / sum f. With x = t sqrt(2 * that), t of P - 1
    degrees of freedom, the interval goes from r (1 - x / 2)^2 to r exp(x): a
    scale for counts below, and a longer one above, where rates are skewed.
    To first order this is the bootstrap over patients, without its draws and
    with the width that few patients need.

    Args:
        fps: False positives of each volume, (k,).
        patients: The patient of each volume, (k,).

    Returns:
        None with fewer than five patients, which say little about others.
    """
    from scipy import stats

    _, patient = np.unique(patients, return_inverse=True)
    volumes = np.bincount(patient)
    found = np.bincount(patient, fps, len(volumes))
    count, total = len(volumes), found.sum()
    if count < _LEAST_PATIENTS:
        return None
    if total == 0:
        return RateInterval(0.0, _UNSEEN / len(fps))
    rate = total / len(fps)
    spread = np.sum((found - rate * volumes) ** 2) * count / (count - 1)
    variance = max(spread / total**2, 1 / total)
    t = stats.t.ppf((1 + LEVEL) / 2, count - 1)
    x = t * np.sqrt(2 * variance)
    low = max(0.0, 1 - x / 2) ** 2
    return RateInterval(float(rate * low), float(rate * np.exp(x)))


def volumes_needed(interval: RateInterval, rate: float, volumes: int) -> int:
    """About how many volumes give an interval of `MAX_WIDTH`.

    x of `rate_interval` falls with the root of their number.
    """
    x = np.log(interval.high / rate)
    return int(np.ceil(volumes * (x / np.log(1 + MAX_WIDTH)) ** 2))
