"""Differences of methods: of methods where seeds allow it, else of runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.evaluation.comparison.figures import Figures, Method
from mmuldor.evaluation.comparison.inference import (
    ErrorPart,
    Estimate,
    holm,
    student_t,
    weighted_t,
)
from mmuldor.evaluation.comparison.seeds_as_readers import (
    patients_only,
    seeds_as_readers,
    unpaired_seeds,
)

# What the interval of a difference is about: methods, by seeds that are
# paired or not, or the given trainings alone.
PAIRED, UNPAIRED, TRAININGS = 'paired seeds', 'unpaired seeds', 'trainings'


def design(first: Method, second: Method) -> str:
    """How the runs of two methods stand to each other.

    Raises:
        ValueError: If some of their seeds are the same and others are not.
    """
    if min(len(first.runs), len(second.runs)) == 1:
        return TRAININGS
    ours, theirs = set(first.seeds), set(second.seeds)
    if ours and ours == theirs:
        return PAIRED
    if ours & theirs:
        raise ValueError(
            f'{first.name!r} and {second.name!r} must have the same seeds or '
            f'none in common, but {second.name!r} has '
            f'{sorted(theirs - ours) or "no other"} and lacks '
            f'{sorted(ours - theirs) or "none"}. Leave out the runs without '
            'a partner, or train what is missing.'
        )
    return UNPAIRED


def estimates(
    first: Figures, second: Figures, num_patients: int, level: float
) -> list[Estimate]:
    """Second minus first, for each figure.

    Args:
        first: Figures of one method.
        second: Those of the other, on the same resamples.
        num_patients: Number of patients.
        level: Coverage of the intervals.
    """
    kind = design(first.method, second.method)
    if kind == PAIRED:
        first, second = first.sorted_by_seed(), second.sorted_by_seed()
    found = []
    for f in range(first.values.shape[1]):
        a, b = first.values[:, f], second.values[:, f]
        x, y = first.samples[:, :, f], second.samples[:, :, f]
        if kind == PAIRED:
            one = seeds_as_readers(b - a, y - x, level)
        elif kind == UNPAIRED:
            one = unpaired_seeds(a, b, x, y, level)
        else:
            means = y.mean(axis=1) - x.mean(axis=1)
            value = b.mean() - a.mean()
            one = patients_only(value, means, num_patients, level)
        found.append(one)
    return found


def adjust(entries: Sequence[dict], level: float) -> None:
    """Give the primary comparisons their p and interval after Holm.

    ``p_holm`` is Holm's adjusted p, and ``holm_interval`` the interval at the
    level at which Holm tests this comparison, 1 - (1 - level) p / p_holm: it
    holds 0 exactly where p_holm is above 1 - level, so a line with both never
    contradicts itself.

    Args:
        entries: Differences; those whose ``primary`` is true are changed.
        level: Coverage of the intervals, 1 minus the size of the tests.
    """
    chosen = [entry for entry in entries if entry['primary']]
    p_values = np.array(
        [
            np.nan if entry['p_value'] is None else entry['p_value']
            for entry in chosen
        ]
    )
    for entry, p, adjusted in zip(
        chosen, p_values, holm(p_values), strict=True
    ):
        if np.isnan(p):
            continue
        share = p / adjusted if adjusted > 0 else 1 / len(chosen)
        found = at_level(entry, 1 - (1 - level) * share)
        entry['p_holm'] = float(adjusted)
        entry['holm_interval'] = [float(found.low), float(found.high)]


def at_level(entry: dict, level: float) -> Estimate:
    """A difference, an entry of ``differences``, at another level."""
    parts = entry.get('error_parts')
    if parts:
        return weighted_t(
            entry['mean'],
            [ErrorPart(part, _df(number)) for part, number in parts],
            level,
        )
    return student_t(
        entry['mean'], entry['standard_error'], _df(entry['df']), level
    )


def _df(number: float | None) -> float:
    return np.inf if number is None else number


def find_primary(
    names: Sequence[str], primary: Sequence[Sequence[str]]
) -> set[frozenset[str]]:
    """The comparisons named beforehand, as pairs of names in any order.

    Raises:
        ValueError: If one does not name two of the methods.
    """
    pairs = {frozenset(pair) for pair in primary}
    for pair in primary:
        if len(set(pair)) != 2 or not set(pair) <= set(names):
            raise ValueError(
                f'a primary comparison must name two of {list(names)}, but '
                f'got {list(pair)}.'
            )
    return pairs
