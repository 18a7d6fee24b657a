"""Student's t for a mean, and Holm's correction of several p-values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats

# Rounding leaves equal numbers a spread of about 1e-16 of their size.
_ROUNDING = 1e-12


class Estimate(NamedTuple):
    """A mean and what is known about it; each field of the same shape.

    Attributes:
        mean: The estimate, in the unit of the input.
        standard_error: Its standard error.
        df: Degrees of freedom of Student's t; infinite for a normal.
        low: Lower end of the interval.
        high: Upper end.
        p_value: Two-sided, of a mean of 0; NaN where the standard error is 0
            or undefined.
    """

    mean: Floats
    standard_error: Floats
    df: Floats
    low: Floats
    high: Floats
    p_value: Floats


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
