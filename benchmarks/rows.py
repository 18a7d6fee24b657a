"""Rows of a result file, and their values as text.

A row has the median and spread of each timed kind of work, and one value: a
ratio, a fraction or a time, with its target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def spread(seconds: Sequence[float]) -> dict:
    """Median, 10th and 90th percentile, and the number of repeats."""
    low, middle, high = np.percentile(seconds, (10, 50, 90)).tolist()
    return {
        'median_s': middle,
        'p10_s': low,
        'p90_s': high,
        'repeats': len(seconds),
    }


def row(
    name: str,
    seconds: Mapping[str, Sequence[float]],
    what: str,
    value: float,
    wanted: tuple[str, float] | None = None,
    why: str = '',
) -> dict:
    """A row of a result file.

    Args:
        name: Name of the case.
        seconds: Times by kind of work, s.
        what: Name and unit of the value, for example 'times faster'.
        value: The value.
        wanted: Target of the value: '<=' or '>=' and a limit.
        why: The reason if the target is not reached; dropped if it is.
    """
    reached = None
    if wanted is not None:
        sign, limit = wanted
        reached = bool(value >= limit if sign == '>=' else value <= limit)
    return {
        'name': name,
        'kinds': {kind: spread(values) for kind, values in seconds.items()},
        'what': what,
        'value': float(value),
        'wanted': wanted and list(wanted),
        'reached': reached,
        'why': why if reached is False else '',
    }


def times_faster(
    name: str,
    seconds: Mapping[str, Sequence[float]],
    ours: str,
    other: str,
    wanted: float | None = None,
    why: str = '',
) -> dict:
    """A row whose value is the ratio of the medians of two kinds."""
    ratio = float(np.median(seconds[other]) / np.median(seconds[ours]))
    limit = None if wanted is None else ('>=', wanted)
    return row(name, seconds, f'{other} / {ours}', ratio, limit, why)


def median_text(entry: dict) -> str:
    """The kinds of work of a row with their medians."""
    return ', '.join(
        f'{kind} {time_text(spread["median_s"])}'
        for kind, spread in entry['kinds'].items()
    )


def value_text(entry: dict) -> str:
    """The value of a row with its unit."""
    return f'{entry["value"]:.3g} ({entry["what"]})'


def target_text(entry: dict) -> str:
    """The target of a row, and whether it was reached."""
    if entry['wanted'] is None:
        return ''
    sign, limit = entry['wanted']
    return f'{sign} {limit:g}: {"yes" if entry["reached"] else "no"}'


def time_text(seconds: float) -> str:
    """A time in s, ms or us with three digits."""
    for unit, scale in (('s', 1), ('ms', 1e3)):
        if seconds * scale >= 1:
            return f'{seconds * scale:.3g} {unit}'
    return f'{seconds * 1e6:.3g} us'
