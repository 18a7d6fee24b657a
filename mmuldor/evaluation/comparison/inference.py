"""Student's t for a mean, and Holm's correction of several p-values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats

# Rounding leaves equal numbers a spread of about 1e-16 of their size.
_ROUNDING = 1e-12
# Steps of the search for p: 700 in the logarithm are the range of floats.
_HALVINGS = 60
# What SciPy's search for degrees of freedom gives for a normal.
_NORMAL_DF = 1e10


class ErrorPart(NamedTuple):
    """A part of a squared standard error.

    Attributes:
        variance: An estimate, not below 0, (...).
        df: Its degrees of freedom; infinite where it is known.
    """

    variance: Floats
    df: float


class Estimate(NamedTuple):
    """A mean and what is known about it; each field of the same shape.

    Attributes:
        mean: The estimate, in the unit of the input.
        standard_error: Its standard error.
        df: Degrees of freedom of Student's t; infinite for a normal. Of
            `weighted_t` those whose t has this interval, at its level alone.
        low: Lower end of the interval.
        high: Upper end.
        p_value: Two-sided, of a mean of 0; NaN where the standard error is 0
            or undefined.
        parts: Of the squared error, of `weighted_t`; else none.
    """

    mean: Floats
    standard_error: Floats
    df: Floats
    low: Floats
    high: Floats
    p_value: Floats
    parts: tuple[ErrorPart, ...] = ()


def paired_t(differences: ArrayLike, level: float = 0.95) -> Estimate:
    """Student's paired t over independent replicates.

    With n differences d: mean(d) +- t(n - 1) sd(d) / sqrt(n), sd with
    n - 1 (Student, Biometrika 1908).

    Args:
        differences: Second method minus first, one a replicate, (n,); each
            replicate has data and trainings of its own.
        level: Coverage of the interval, in (0, 1).

    Raises:
        ValueError: If there are fewer than two differences, one is not
            finite, or `level` is not inside (0, 1).
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or len(d) < 2 or not np.isfinite(d).all():
        raise ValueError(
            '`differences` must be two or more finite numbers, one a '
            f'replicate, but got {differences!r}.'
        )
    error = d.std(ddof=1) / np.sqrt(len(d))
    return student_t(d.mean(), error, len(d) - 1, level)


def student_t(
    mean: ArrayLike,
    standard_error: ArrayLike,
    df: ArrayLike,
    level: float = 0.95,
) -> Estimate:
    """Interval and p of estimates with known degrees of freedom.

    Args:
        mean: Estimates, (...).
        standard_error: Their standard errors, not below 0, (...). Where one
            is 0 or mere rounding, the interval is the estimate itself, and
            there is no p.
        df: Degrees of freedom above 0, whole or not, infinite for a normal,
            (...).
        level: Coverage, in (0, 1).

    Raises:
        ValueError: If `level` is not inside (0, 1).
    """
    from scipy import stats

    check_level(level)
    mean, error, df = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (mean, standard_error, df))
    )
    error = np.where(error <= _ROUNDING * np.abs(mean), 0.0, error)
    half = np.where(error > 0, stats.t.isf((1 - level) / 2, df) * error, error)
    with np.errstate(divide='ignore', invalid='ignore'):
        p_value = 2 * stats.t.sf(np.abs(mean) / error, df)
    return Estimate(
        mean,
        error,
        df,
        mean - half,
        mean + half,
        np.where(error > 0, p_value, np.nan),
    )


def weighted_t(
    mean: ArrayLike, parts: Sequence[ErrorPart], level: float = 0.95
) -> Estimate:
    """Cochran's test (Biometrics 1964) of an error made of several parts.

    The critical value at a level is the mean of the parts' own t, weighted by
    their variances v with df d,

        c(level) = sum v t(d, level) / sum v,

    which no single number of degrees of freedom gives at two levels. So p is
    the root of c(1 - p) = |mean| / error: it is below 1 - level exactly where
    the interval of that level does not hold 0, whatever the level is.

    Args:
        mean: Estimates, (...).
        parts: At least one; the squared error is their sum.
        level: Coverage, in (0, 1).

    Raises:
        ValueError: If `level` is not inside (0, 1).
    """
    from scipy import special

    check_level(level)
    mean = np.asarray(mean, dtype=np.float64)
    error = np.sqrt(sum(np.asarray(part.variance) for part in parts))
    error = np.where(error <= _ROUNDING * np.abs(mean), 0.0, error)
    critical = _critical(parts, 1 - level)
    half = np.where(error > 0, critical * error, error)
    with np.errstate(divide='ignore', invalid='ignore'):
        p_value = _root(parts, np.abs(mean) / error)
    df = special.stdtridf((1 + level) / 2, critical)
    df = np.where(df < _NORMAL_DF, df, np.inf)
    return Estimate(
        mean,
        error,
        np.where(error > 0, df, df_without_error(parts)),
        mean - half,
        mean + half,
        np.where(error > 0, p_value, np.nan),
        tuple(parts),
    )


def df_without_error(parts: Sequence[ErrorPart]) -> float:
    """Degrees of freedom where there is no test; the number is arbitrary."""
    return sum(part.df for part in parts if np.isfinite(part.df))


def _critical(parts: Sequence[ErrorPart], p: ArrayLike) -> Floats:
    """c(1 - p) of `weighted_t`, (...); NaN without any variance."""
    from scipy import special

    tail = np.asarray(p) / 2
    total: Floats = np.zeros(())
    weighted: Floats = np.zeros(())
    for variance, df in parts:
        known = np.isinf(df)
        t = special.ndtri(tail) if known else special.stdtrit(df, tail)
        total, weighted = total + variance, weighted - variance * t
    with np.errstate(divide='ignore', invalid='ignore'):
        return np.asarray(weighted / total)


def _root(parts: Sequence[ErrorPart], t: Floats) -> Floats:
    """p with c(1 - p) = t, by halving between the p of two of the parts."""
    from scipy import stats

    each = [2 * stats.t.sf(t, part.df) for part in parts]
    # The weighted mean of their t is t, so it lies between them.
    least, most = np.min(each, axis=0), np.max(each, axis=0)
    tiny = np.finfo(np.float64).tiny
    low, high = np.log(np.maximum(least, tiny)), np.log(most)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_small = _critical(parts, np.exp(middle)) > t
        low = np.where(too_small, middle, low)
        high = np.where(too_small, high, middle)
    return np.asarray(np.exp((low + high) / 2))


def check_level(level: float) -> None:
    """Raises ValueError if the level is not inside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f'`level` must lie in (0, 1), but got {level}.')


def holm(p_values: ArrayLike) -> Floats:
    """p-values adjusted for their number, by Holm's step-down procedure.

    The smallest of m is multiplied by m, the next by m - 1 and so on; none
    falls below the one before it or rises above 1 (Holm, Scandinavian
    Journal of Statistics 1979). At most `alpha` of such families then have
    an adjusted p <= alpha where there is no difference.

    Args:
        p_values: Of all comparisons named beforehand, (m,). NaN, where a
            comparison gave no p, counts as 1 among the others.

    Returns:
        (m,), in the same order; NaN stays NaN.

    Raises:
        ValueError: If they are not a row of numbers from 0 to 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(p)
    if p.ndim != 1 or (p[known] < 0).any() or (p[known] > 1).any():
        raise ValueError(
            f'`p_values` must be numbers from 0 to 1, (m,), but got {p}.'
        )
    order = np.argsort(p, kind='stable')  # NaN last
    steps = np.where(known, p, 1.0)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return np.where(known, adjusted, np.nan)
