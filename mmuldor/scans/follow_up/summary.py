"""A follow-up in a few lines, for the screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from mmuldor.functional.follow_up.matching import STATUSES
from mmuldor.scans.follow_up.pair_records import pair_records
from mmuldor.scans.follow_up.recist import recist_record
from mmuldor.scans.follow_up.result import FollowUp


def summary_lines(found: FollowUp) -> Iterator[str]:
    """Notes, the registration, a line for each pair, and the arithmetic."""
    for name, point in (
        ('baseline', found.baseline),
        ('follow-up', found.follow_up),
    ):
        yield from (f'note: {name}: {note}' for note in point.notes)
    yield from (f'note: {note}' for note in found.notes)
    if found.problem:
        yield f'registration failed: {found.problem}'
    else:
        yield (
            f'registered, correlation {found.quality.correlation:.2f}, '
            f'places expected to {found.error_mm:.1f} mm'
        )
    yield from map(_line, pair_records(found))
    counts = Counter(pair.status for pair in found.pairs)
    yield 'lesions: ' + (
        ', '.join(f'{counts[s]} {s}' for s in STATUSES if counts[s]) or 'none'
    )
    yield from _recist(recist_record(found))


def _line(record: dict[str, Any]) -> str:
    sides = [
        f'{name} {record[key]["number"]}'
        for name, key in (('baseline', 'baseline'), ('follow-up', 'follow_up'))
        if record[key]
    ]
    text = f'{record["status"]}: {", ".join(sides)}'
    growth = record['growth'] or {}
    if growth.get('long_mm') is not None:
        text += (
            f', long diameter {record["baseline"]["long_mm"]:.1f} to '
            f'{record["follow_up"]["long_mm"]:.1f} mm'
        )
        if growth['long_percent'] is not None:
            text += f' ({growth["long_percent"]:+.0f} %)'
    return text + (f' ({record["reason"]})' if record['reason'] else '')


def _recist(record: dict[str, Any]) -> Iterator[str]:
    if record['baseline_sum_mm'] is not None:
        after = record['follow_up_sum_mm']
        text = f'{record["baseline_sum_mm"]:.1f} mm to '
        if after is None:
            text += 'unknown'
        else:
            text += f'{after:.1f} mm ({record["change_percent"]:+.1f} %)'
        yield f'sum of {len(record["targets"])} target diameters: {text}'
    if record['overall_response'] is not None:
        yield (
            'RECIST 1.1 arithmetic, not a diagnosis: '
            f'{record["overall_response"]} ({"; ".join(record["reasons"])})'
        )
