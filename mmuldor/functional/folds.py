"""Cross-validation: groups dealt out so that every fold has its share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Ints

# One fold is tested, the next validates, the others train.
LEAST_FOLDS = 3


def stratified_folds(counts: ArrayLike, num_folds: int, seed: int = 0) -> Ints:
    """The fold of each group; all strata are spread over the folds.

    A group, such as a patient, stays whole. Groups are dealt out one by one,
    the largest first, each into the fold where it meets the least of what it
    has itself: that fold has the smallest ``sum_c n[fold, c] g[c] / T[c]``,
    with ``n`` what the fold has of stratum c, ``g`` what the group has, ``T``
    the total. This is the fold that raises the chi-squared statistic of the
    table of folds and strata, ``sum (n - T / k)^2 / (T / k)``, least. Greedy
    in this order, as scikit-learn's StratifiedGroupKFold, which minimises the
    standard deviation of shares.

    Args:
        counts: What each group has of each stratum, (groups, strata), 0 or
            more. Every fold gets a group whose first column is above 0.
        num_folds: At least 3.
        seed: Of the order of groups of equal size.

    Returns:
        Fold of each group, from 0, (groups,) int64.

    Raises:
        ValueError: If the folds or the groups are too few, or a count is
            wrong.
    """
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(
            '`counts` must be numbers of 0 or more, of shape (groups, '
            f'strata), but got shape {table.shape}.'
        )
    if num_folds < LEAST_FOLDS:
        raise ValueError(
            f'`num_folds` must be at least {LEAST_FOLDS}, to test, to '
            f'validate and to train, but got {num_folds}.'
        )
    needed = table[:, 0] > 0 if table.size else np.zeros(0, dtype=bool)
    if needed.sum() < num_folds:
        raise ValueError(
            f'`num_folds` must be at most the groups with any of the first '
            f'stratum, {int(needed.sum())}, but got {num_folds}.'
        )
    totals = table.sum(axis=0)
    shares = table / np.where(totals > 0, totals, 1)
    order = np.random.default_rng(seed).permutation(len(table))
    size = shares.sum(axis=1)[order]
    # The first `num_folds` each meet an empty fold.
    order = order[np.lexsort((-size, ~needed[order]))]
    held = np.zeros((num_folds, table.shape[1]))
    folds = np.empty(len(table), dtype=np.int64)
    for group in order.tolist():
        folds[group] = int((held * shares[group]).sum(axis=1).argmin())
        held[folds[group]] += table[group]
    return folds
