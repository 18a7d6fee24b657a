"""Rows of a result, and how their figures are shown.

A row is what was timed, each kind with its median and spread, and one figure:
a ratio, a share or a time, with the value wanted of it.
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
        name: The case.
        seconds: Of every kind.
        what: Names the figure and its unit, like 'times faster'.
        value: The figure.
        wanted: '<=' or '>=' and the value that it should reach.
        why: Why, should it not; left out where it does.
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
    """A row whose figure is the ratio of two kinds' medians."""
    ratio = float(np.median(seconds[other]) / np.median(seconds[ours]))
    limit = None if wanted is None else ('>=', wanted)
    return row(name, seconds, f'{other} / {ours}', ratio, limit, why)


def medians(found: dict) -> str:
    """The kinds of a row with their medians."""
    return ', '.join(
        f'{kind} {shown_time(spread["median_s"])}'
        for kind, spread in found['kinds'].items()
    )


def shown_value(found: dict) -> str:
    """The figure of a row."""
    return f'{found["value"]:.3g} ({found["what"]})'


def wanted(found: dict) -> str:
    """What was wanted of a row's figure, and whether it was reached."""
    if found['wanted'] is None:
        return ''
    sign, limit = found['wanted']
    return f'{sign} {limit:g}: {"yes" if found["reached"] else "no"}'


def shown_time(seconds: float) -> str:
    """Three digits with a fitting unit."""
    for unit, scale in (('s', 1), ('ms', 1e3)):
        if seconds * scale >= 1:
            return f'{seconds * scale:.3g} {unit}'
    return f'{seconds * 1e6:.3g} us'
