"""Uncertainty of FROC figures: bootstrap and permutation over patients.

Slices of one patient resemble each other, so patients are what is drawn, not
slices (Obuchowski, Biometrics 1997, for clustered data; percentile intervals
as in Efron and Tibshirani, 1993). A resample draws as many patients as there
are, with replacement; all methods see the same draw, which pairs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.evaluation.comparison.inference import check_level
from mmuldor.evaluation.comparison.resampled_froc import (
    RankedDetections,
    sensitivity_of_steps,
    with_mean,
)
from mmuldor.functional.froc import MEAN_FP_RATES, check_fp_rates

Progress = Callable[[Iterable[int]], Iterable[int]]


def patient_weights(
    patients: ArrayLike, num_resamples: int, seed: int = 0
) -> np.ndarray:
    """How often each image counts in each resample of the patients.

    Args:
        patients: The patient of each image, (k,), any ids.
        num_resamples: Number of draws.
        seed: Of the draws.

    Returns:
        (num_resamples, k) uint16.

    Raises:
        ValueError: If there is no image, or `num_resamples` is below 1.
    """
    _, patient = np.unique(np.asarray(patients), return_inverse=True)
    if patient.ndim != 1 or not len(patient):
        raise ValueError(
            '`patients` must be one id for each image, (k,), but got shape '
            f'{np.shape(patients)}.'
        )
    _check_number(num_resamples, 'num_resamples')
    count = patient.max() + 1
    rng = np.random.default_rng(seed)
    weights = np.empty((num_resamples, len(patient)), dtype=np.uint16)
    for row in weights:
        drawn = rng.integers(count, size=count)
        row[:] = np.bincount(drawn, minlength=count)[patient]
    return weights


def bootstrap(
    runs: Sequence[RankedDetections],
    weights: np.ndarray,
    fp_rates: Sequence[float],
    *,
    strata: np.ndarray | None = None,
    progress: Progress = iter,
) -> np.ndarray:
    """Figures of every run on every resample, the same for all runs.

    Args:
        runs: Trainings of one or several methods, all on the same images.
        weights: From `patient_weights`.
        fp_rates: FPs per image, rising, (r,).
        strata: Which lesions count, rows of (s, m) bool; by default one row
            with all.
        progress: Wraps the indices of the resamples.

    Returns:
        (resamples, runs, s, r + 1) fractions; the mean over 0.5, 1, 2 and
        4 FPs comes last. NaN where a resample has no lesion that counts.
    """
    rates = check_fp_rates(fp_rates)
    if strata is None:
        strata = np.ones((1, len(runs[0].lesion_image)), dtype=bool)
    found = np.empty((len(weights), len(runs), len(strata), len(rates) + 1))
    for index in progress(range(len(weights))):
        for column, run in enumerate(runs):
            found[index, column] = run.figures(rates, weights[index], strata)
    return found


def interval(samples: ArrayLike, level: float = 0.95) -> np.ndarray:
    """Percentile interval along the first axis, NaN left out.

    Args:
        samples: (resamples, ...).
        level: Coverage, in (0, 1).

    Returns:
        (2, ...): lower and upper end; NaN where nothing is finite.

    Raises:
        ValueError: If `level` is not inside (0, 1).
    """
    check_level(level)
    samples = np.asarray(samples, dtype=np.float64)
    tail = 50 * (1 - level)
    ends = np.full((2, *samples.shape[1:]), np.nan)
    some = ~np.isnan(samples).all(axis=0)
    ends[:, some] = np.nanpercentile(
        samples[:, some], [tail, 100 - tail], axis=0
    )
    return ends


def permutation_p_values(
    first: Sequence[RankedDetections],
    second: Sequence[RankedDetections],
    patients: ArrayLike,
    fp_rates: Sequence[float],
    *,
    num_permutations: int = 1000,
    seed: int = 0,
    progress: Progress = iter,
) -> np.ndarray:
    """Test of these trainings: would exchanging them by patient matter?

    It holds the trainings fixed. Trainings of the same method with other
    seeds differ, and in about half of the pairs of the phantom study p is
    below 0.05, so it says nothing about methods.

    For every patient a coin decides whether the two methods change places;
    the difference of the two FROC figures is computed again each time. Scores
    of different methods need not be comparable, so a detection is ranked by
    its own method's FPs per image up to its score, which leaves either
    method's own curve as it is. With several runs per method, run i of one is
    exchanged with run i of the other by the same coins, and the mean
    difference is tested.

    Args:
        first: Runs of one method.
        second: As many runs of the other, on the same images.
        patients: The patient of each image, (k,).
        fp_rates: FPs per image, rising, (r,).
        num_permutations: Number of exchanges drawn.
        seed: Of the coins.
        progress: Wraps the indices of the exchanges.

    Returns:
        Two-sided p-values, (r + 1,), the mean's last:
        (1 + those at least as far from 0) / (1 + num_permutations).

    Raises:
        ValueError: If the numbers of runs differ or a number is below 1.
    """
    if len(first) != len(second) or not first:
        raise ValueError(
            'a paired test needs equally many runs of both methods, but got '
            f'{len(first)} and {len(second)}.'
        )
    _check_number(num_permutations, 'num_permutations')
    rates = [*check_fp_rates(fp_rates), *MEAN_FP_RATES]
    _, patient = np.unique(np.asarray(patients), return_inverse=True)
    pairs = [
        _Exchange(a, b, len(patient))
        for a, b in zip(first, second, strict=True)
    ]
    rng = np.random.default_rng(seed)
    nothing = np.zeros(len(patient), dtype=bool)
    observed = np.mean([p.difference(nothing, rates) for p in pairs], axis=0)
    as_far = np.zeros(len(observed), dtype=np.int64)
    for _ in progress(range(num_permutations)):
        coins = rng.random(patient.max() + 1) < 0.5
        drawn = [pair.difference(coins[patient], rates) for pair in pairs]
        # Rounding must not make an equal difference a smaller one.
        as_far += np.abs(np.mean(drawn, axis=0)) >= np.abs(observed) - 1e-12
    return (1 + as_far) / (1 + num_permutations)


class _Exchange:
    """Two runs whose images can change places, ranked on one scale."""

    def __init__(
        self, a: RankedDetections, b: RankedDetections, num_images: int
    ) -> None:
        steps = [_common_steps(ranked) for ranked in (a, b)]
        fp_step = np.concatenate([fp for fp, _ in steps])
        order = np.argsort(fp_step, kind='stable')
        self._fp_step = fp_step[order]
        # Positions in [weights of a's images, weights of b's images].
        self._fp_image = np.concatenate([a.fp_image, b.fp_image + num_images])
        self._fp_image = self._fp_image[order]
        self._lesion_image = a.lesion_image
        self._lesion_steps = [lesion for _, lesion in steps]
        self._num_steps = (
            int(max(s.max(initial=0) for s in steps[0] + steps[1])) + 1
        )
        for lesion, ranked in zip(self._lesion_steps, (a, b), strict=True):
            lesion[ranked.lesion_step >= ranked.num_steps] = self._num_steps
        self._num_images = num_images

    def difference(self, swap: np.ndarray, rates: list[float]) -> np.ndarray:
        """First minus second where `swap` (k,) says who changes places."""
        a, b = self._lesion_steps
        swapped = swap[self._lesion_image]
        weights = np.concatenate([~swap, swap]).astype(np.float64)
        figures = [
            with_mean(
                sensitivity_of_steps(
                    self._fp_step,
                    fp_weights,
                    lesion_step,
                    np.ones(len(lesion_step)),
                    self._num_steps,
                    self._num_images,
                    rates,
                )
            )
            for fp_weights, lesion_step in (
                (weights[self._fp_image], np.where(swapped, b, a)),
                (1 - weights[self._fp_image], np.where(swapped, a, b)),
            )
        ]
        return figures[0] - figures[1]


def _common_steps(ranked: RankedDetections) -> tuple[np.ndarray, np.ndarray]:
    """Steps by the number of FPs up to and with each one's own step.

    Twice that number, and one more for a hit whose step has no FP: it comes
    after the FPs before it, and before the next.
    """
    fps = np.searchsorted(ranked.fp_step, ranked.fp_step, side='right')
    before = np.searchsorted(ranked.fp_step, ranked.lesion_step, side='left')
    upto = np.searchsorted(ranked.fp_step, ranked.lesion_step, side='right')
    return 2 * fps, 2 * upto + (before == upto)


def _check_number(value: int, name: str) -> None:
    if value < 1:
        raise ValueError(f'`{name}` must be 1 or more, but got {value}.')
