"""FROC figures of resampled images, without their whole curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.froc import MEAN_FP_RATES, FROCCurve
from mmuldor.functional.matching import Matched

# FP rates at which the curves of several runs are averaged.
_GRID = np.linspace(0, 16, 321, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class RankedDetections:
    """The part of a `Matched` that curves of resampled images need.

    Attributes:
        fp_image: Image (position) of each false positive, best first, (f,).
        fp_step: Its step, rising, (f,).
        lesion_image: Each lesion's image (position), (m,).
        lesion_step: Step of the best detection that hits it, (m,).
        num_steps: A lesion's step where nothing hits it.
    """

    fp_image: np.ndarray
    fp_step: np.ndarray
    lesion_image: np.ndarray
    lesion_step: np.ndarray
    num_steps: int

    @classmethod
    def of(cls, matched: Matched) -> RankedDetections:
        """Sort the false positives of an evaluation."""
        rows = np.flatnonzero(matched.det_is_fp)
        rows = rows[np.argsort(matched.det_step[rows], kind='stable')]
        return cls(
            matched.det_image[rows],
            matched.det_step[rows],
            matched.lesion_image,
            matched.lesion_step,
            matched.num_steps,
        )

    def figures(
        self,
        fp_rates: ArrayLike,
        image_weights: np.ndarray,
        strata: np.ndarray | None = None,
    ) -> np.ndarray:
        """Sensitivity at each rate, then the mean over 0.5, 1, 2 and 4.

        Args:
            fp_rates: FPs per image, (r,).
            image_weights: How often each image counts, (k,).
            strata: Which lesions count, (m,) bool, or several such rows,
                (s, m); all of them by default. FPs always count on all images.

        Returns:
            (r + 1,) fractions, or (s, r + 1); NaN where no lesion counts.
        """
        lesion_weights = image_weights[self.lesion_image].astype(np.float64)
        if strata is not None:
            lesion_weights = lesion_weights * strata
        return with_mean(
            sensitivity_of_steps(
                self.fp_step,
                image_weights[self.fp_image],
                self.lesion_step,
                lesion_weights,
                self.num_steps,
                image_weights.sum(),
                np.append(fp_rates, MEAN_FP_RATES),
            )
        )

    def curve_end(self, num_images: int) -> float:
        """FPs per image of all detections, where the curve ends."""
        return len(self.fp_step) / num_images

    def max_sensitivity(self, num_images: int) -> tuple[float, float]:
        """The maximum sensitivity, and the FPs per image that first reach it.

        Args:
            num_images: The number of images that FPs are divided by.
        """
        found = self.lesion_step < self.num_steps
        last = self.lesion_step[found].max(initial=-1)
        fps = np.searchsorted(self.fp_step, last, side='right')
        return float(found.mean()), float(fps / num_images)


def mean_curve(runs: Sequence[RankedDetections], num_images: int) -> FROCCurve:
    """The mean curve of several runs, up to where the first of them ends.

    Args:
        runs: Trainings of one method on the same images.
        num_images: What FPs are divided by.
    """
    end = min(run.curve_end(num_images) for run in runs)
    grid = np.append(_GRID[end > _GRID], min(end, _GRID[-1]))
    once = np.ones(num_images)
    curves = [run.figures(grid, once)[:-1] for run in runs]
    return FROCCurve(grid, np.mean(curves, axis=0, dtype=np.float64))


def sensitivity_of_steps(
    fp_step: np.ndarray,
    fp_weights: np.ndarray,
    lesion_step: np.ndarray,
    lesion_weights: np.ndarray,
    num_steps: int,
    num_images: float,
    fp_rates: ArrayLike,
) -> np.ndarray:
    """`sensitivity_at(froc_curve(...), rates)`, straight from sorted FPs.

    Equal to the last bit for whole weights, but only the two steps around
    each rate are used. Lesion weights are (m,) or (s, m); the result is
    (r,) or (s, r).
    """
    total = lesion_weights.sum(axis=-1, keepdims=True)
    rates = np.asarray(fp_rates, dtype=np.float64)
    if num_images == 0:
        return np.full((*total.shape[:-1], len(rates)), np.nan)
    x = np.concatenate([[0.0], np.cumsum(fp_weights, dtype=np.float64)])
    x /= num_images
    # The first FP beyond each rate; its step is the curve's next point.
    beyond = np.searchsorted(x, rates, side='right') - 1
    ends = beyond == len(fp_step)
    step = np.append(fp_step, num_steps)[beyond]
    x_left = x[np.searchsorted(fp_step, step, side='left')]
    x_right = x[np.searchsorted(fp_step, step, side='right')]
    before = lesion_step[:, None] < step
    # At the end, what nothing hits (step `num_steps`) stays out.
    found = (lesion_step[:, None] <= step) & (lesion_step < num_steps)[:, None]
    run = np.where(ends, 1.0, x_right - x_left)
    with np.errstate(invalid='ignore'):
        y_left = lesion_weights @ before / total
        y_right = lesion_weights @ found / total
    return np.where(
        ends, y_right, y_left + (rates - x_left) / run * (y_right - y_left)
    )


def with_mean(figures: np.ndarray) -> np.ndarray:
    """The figures, and the mean of those at `MEAN_FP_RATES`."""
    reported, of_mean = np.split(figures, [-len(MEAN_FP_RATES)], axis=-1)
    mean = of_mean.mean(axis=-1, keepdims=True)
    return np.concatenate([reported, mean], axis=-1)
