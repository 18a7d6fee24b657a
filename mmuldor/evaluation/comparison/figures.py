"""Figures of a method's trainings, on the test set and on resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.comparison.resampling import interval
from mmuldor.evaluation.comparison.seeds_as_readers import seeds_as_readers
from mmuldor.functional.froc import MEAN_FP_RATES


@dataclass(frozen=True, eq=False)
class Method:
    """One row of the table.

    Attributes:
        name: What the row is called.
        runs: Outcomes of its trainings, one or several seeds.
        seeds: A label of each run; runs of two methods are paired by them.
            Without labels, runs are not paired.
    """

    name: str
    runs: Sequence[RankedDetections]
    seeds: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.seeds and len(set(self.seeds)) != len(self.runs):
            raise ValueError(
                f'each of the {len(self.runs)} runs of {self.name!r} must '
                f'have a seed of its own, but got {list(self.seeds)}.'
            )

    def curve_end(self, num_images: int) -> float:
        """FPs per image where the first of its curves ends."""
        return min(run.curve_end(num_images) for run in self.runs)


@dataclass(frozen=True, eq=False)
class Figures:
    """Figures of a method, f of them; NaN where undefined.

    Attributes:
        method: The method.
        values: Of each run, (k, f).
        samples: On each resample of the patients, (resamples, k, f).
    """

    method: Method
    values: np.ndarray
    samples: np.ndarray

    def mean(self) -> np.ndarray:
        """Mean over the runs, (f,)."""
        return self.values.mean(axis=0)

    def interval(self, level: float) -> np.ndarray:
        """Interval of the mean, (2, f), within 0 and 1.

        Of one run, percentiles over patients; of several, seeds as readers.
        """
        if len(self.values) == 1:
            ends = interval(self.samples[:, 0], level)
        else:
            found = [
                seeds_as_readers(values, samples, level)
                for values, samples in zip(
                    self.values.T, np.moveaxis(self.samples, 2, 0), strict=True
                )
            ]
            ends = np.array([(e.low, e.high) for e in found]).T
        return np.where(np.isnan(self.mean()), np.nan, ends.clip(0, 1))

    def sorted_by_seed(self) -> Figures:
        """The same with the runs in the order of their labels."""
        order = sorted(
            range(len(self.values)), key=lambda i: self.method.seeds[i]
        )
        method = Method(
            self.method.name,
            [self.method.runs[i] for i in order],
            [self.method.seeds[i] for i in order],
        )
        return Figures(method, self.values[order], self.samples[:, order])


def beyond_the_end(
    method: Method, fp_rates: Sequence[float], num_images: int
) -> np.ndarray:
    """Which figures lie at or beyond the end of a curve, (r + 1,) bool.

    A sensitivity that is held there does not know what more detections would
    have found, and no detection appended to the curve can lower it. The last
    figure is the mean over 0.5, 1, 2 and 4 FPs.

    Args:
        method: Whose curves; the first to end counts.
        fp_rates: FPs per image, (r,).
        num_images: What FPs are divided by.
    """
    rates = np.array([*fp_rates, max(MEAN_FP_RATES)])
    return rates >= method.curve_end(num_images)
