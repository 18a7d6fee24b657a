"""Inference about methods from a few trainings: seeds as readers.

A method is trained with k seeds, and each training is tested on the same
patients. Both are samples: other seeds and other patients would give other
figures. Readers of images vary as seeds do, and Obuchowski and Rockette's
method for several readers (Communications in Statistics - Simulation and
Computation 1995) takes both into account with as few as three. It needs the
figures of the k trainings and their covariance over patients, here from the
bootstrap with the seeds held. Degrees of freedom: Hillis (Statistics in
Medicine 2007); for two methods his F is t squared (Hillis, Obuchowski and
Berbaum, Academic Radiology 2011).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.evaluation.comparison.inference import (
    ErrorPart,
    Estimate,
    df_without_error,
    student_t,
    weighted_t,
)
from mmuldor.functional.arrays import Floats


def seeds_as_readers(
    values: ArrayLike, samples: ArrayLike, level: float = 0.95
) -> Estimate:
    """The mean over seeds, with what other seeds and patients would change.

    For two methods, `values` are the differences D of the seeds, each of two
    trainings that share a seed. See `readers_estimate` for the arithmetic.

    Args:
        values: Figure of each seed, (k,), k >= 2.
        samples: The same on resamples of the patients, (resamples, k); a row
            is one resample for all seeds. Rows with NaN are left out.
        level: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: If there are fewer than two seeds, the shapes do not fit,
            or `level` is not inside (0, 1).
    """
    values, samples = _check(values, samples)
    if len(values) < 2:
        raise ValueError(
            'seeds as readers need two or more seeds, but got '
            f'{len(values)}. Use `patients_only`.'
        )
    return readers_estimate(
        values.mean(), values.var(ddof=1), patient_covariance(samples), level
    )


def unpaired_seeds(
    first: ArrayLike,
    second: ArrayLike,
    first_samples: ArrayLike,
    second_samples: ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """Second minus first, means over seeds that are not paired.

    Patients are shared, seeds are not: the variance between seeds is that of
    either method, va = va1 + va2 with degrees of freedom as in Satterthwaite
    (Biometrics 1946), and off = off1 + off2 - 2 cross, with `cross` the mean
    covariance of a seed of one method with a seed of the other. Where one of
    them has two seeds, `weighted_t` of va1, va2 and off.

    Args:
        first: Figure of each seed of one method, (k1,), k1 >= 2.
        second: The same of the other, (k2,), k2 >= 2.
        first_samples: On resamples of the patients, (resamples, k1).
        second_samples: On the same resamples, (resamples, k2).
        level: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: If a method has fewer than two seeds or the shapes do not
            fit.
    """
    first, first_samples = _check(first, first_samples)
    second, second_samples = _check(second, second_samples)
    counts = len(first), len(second)
    if min(counts) < 2:
        raise ValueError(
            f'unpaired seeds must be two or more a method, but got {counts}.'
        )
    whole = patient_covariance(np.hstack([first_samples, second_samples]))
    cut = counts[0]
    parts, rest = [], -2 * whole[:cut, cut:].mean()
    for values, covariance in (
        (first, whole[:cut, :cut]),
        (second, whole[cut:, cut:]),
    ):
        va, off = _seed_part(values.var(ddof=1), covariance)
        parts.append(ErrorPart(va, len(values) - 1))
        rest = rest + off
    parts.append(ErrorPart(np.maximum(rest, 0.0), np.inf))
    return _of_parts(second.mean() - first.mean(), parts, level)


def patients_only(
    value: float,
    samples: ArrayLike,
    num_patients: int,
    level: float = 0.95,
) -> Estimate:
    """A figure of given trainings on other patients; nothing about methods.

    Args:
        value: The figure, or the difference of two.
        samples: On resamples of the patients, (resamples,); NaN left out.
        num_patients: Patients drawn; one less are the degrees of freedom.
        level: Coverage of the interval, in (0, 1).
    """
    values, rows = _check([value], np.reshape(samples, (-1, 1)))
    error = np.sqrt(patient_covariance(rows)[0, 0])
    return student_t(values[0], error, max(num_patients - 1, 1), level)


def readers_estimate(
    mean: ArrayLike,
    seed_variance: ArrayLike,
    covariance: ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """A mean over k seeds with its error.

    With C the covariance of the seeds' figures over patients, seeds held:

        off = mean off-diagonal of C
        va = seed_variance / k, at least (mean diagonal of C - off) / k
        se^2 = va + max(off, 0)
        df = se^4 / (va^2 / (k - 1))

    `va` is what changes from seed to seed: the seeds' own differences and
    what a patient adds to one training alone. The latter is known from C and
    is a lower bound; with few seeds that agree by chance, their variance
    alone would be too small.

    Two seeds leave `va` one degree of freedom. Where seeds vary much more
    than patients, Hillis' df then rests on a single squared difference, and
    up to 13 % instead of 5 % of equal methods differ (see
    benchmarks/method-inference.md). So with two seeds t is Cochran's weighted
    mean of the two parts' own,

        (va t(1) + off z) / se^2,

    at every level anew (`weighted_t`). At most about 6 % then differ at 5 %,
    2.7 % at 1.7 % and 1.6 % at 0.8 %, the levels of three and six
    comparisons: where seeds vary 100 to 400 times as patients.

    Args:
        mean: Over the seeds, (...).
        seed_variance: Variance of the figures of the k seeds, with k - 1,
            (...).
        covariance: C, (..., k, k).
        level: Coverage of the interval, in (0, 1).
    """
    covariance = np.asarray(covariance, dtype=np.float64)
    va, off = _seed_part(seed_variance, covariance)
    parts = [
        ErrorPart(va, covariance.shape[-1] - 1),
        ErrorPart(np.maximum(off, 0.0), np.inf),
    ]
    return _of_parts(mean, parts, level)


def patient_covariance(samples: Floats) -> Floats:
    """Covariance of the columns of (resamples, k), rows with NaN left out.

    (k, k); NaN with fewer than two rows.
    """
    rows = samples[~np.isnan(samples).any(axis=1)]
    if len(rows) < 2:
        return np.full((samples.shape[1],) * 2, np.nan)
    return np.atleast_2d(np.cov(rows, rowvar=False))


def _seed_part(
    seed_variance: ArrayLike, covariance: Floats
) -> tuple[Floats, Floats]:
    """`va` and `off` of `readers_estimate`."""
    count = covariance.shape[-1]
    trace = np.trace(covariance, axis1=-2, axis2=-1)
    off = (covariance.sum(axis=(-2, -1)) - trace) / (count * (count - 1))
    va = np.maximum(np.asarray(seed_variance), trace / count - off) / count
    # Equal seeds: rounding must not make it a negative variance.
    return np.maximum(va, 0.0), off


def _of_parts(
    mean: ArrayLike, parts: Sequence[ErrorPart], level: float
) -> Estimate:
    """The squared error is the sum of the parts."""
    if min(part.df for part in parts) == 1:
        return weighted_t(mean, parts, level)
    squared = sum(np.asarray(part.variance) for part in parts)
    with np.errstate(divide='ignore', invalid='ignore'):
        df = squared**2 / sum(part.variance**2 / part.df for part in parts)
    df = np.where(squared > 0, df, df_without_error(parts))
    return student_t(mean, np.sqrt(squared), df, level)


def _check(values: ArrayLike, samples: ArrayLike) -> tuple[Floats, Floats]:
    values = np.asarray(values, dtype=np.float64)
    samples = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or samples.shape[1:] != values.shape:
        raise ValueError(
            '`samples` must be (resamples, k) for `values` of shape (k,), '
            f'but got {samples.shape} and {values.shape}.'
        )
    return values, samples
