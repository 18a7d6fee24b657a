"""Pairs of lesions as ``follow_up.json`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmuldor.functional.follow_up.growth import growth
from mmuldor.functional.follow_up.matching import MATCHED, LesionPair
from mmuldor.scans.follow_up.result import FollowUp, Place, TimePoint

MEASURES = ('long_mm', 'short_mm', 'volume_ml')


def pair_records(found: FollowUp) -> list[dict[str, Any]]:
    """The rows of a follow-up as JSON has them."""
    return [
        _pair(found, number, pair)
        for number, pair in enumerate(found.pairs, start=1)
    ]


def _pair(found: FollowUp, number: int, pair: LesionPair) -> dict[str, Any]:
    first, second = found.baseline, found.follow_up
    uids = found.tracking_uids()
    before = _lesion(first, pair.baseline, uids[0])
    after = _lesion(second, pair.follow_up, uids[1])
    known = before or after or {}
    changes = None
    if pair.status == MATCHED and before and after:
        changes = _changes(before, after)
    return {
        'pair': number,
        'status': pair.status,
        'reason': pair.reason,
        'target': pair.baseline in found.targets,
        'tracking_uid': known['tracking_uid'],
        'baseline': before,
        'follow_up': after,
        'expected_in_follow_up': _place(found.in_follow_up, pair.baseline),
        'expected_in_baseline': _place(found.in_baseline, pair.follow_up),
        'distance_mm': rounded(pair.distance_mm),
        'baseline_rivals': [
            first.records[k]['number'] for k in pair.baseline_rivals
        ],
        'follow_up_rivals': [
            second.records[k]['number'] for k in pair.follow_up_rivals
        ],
        'growth': changes,
    }


def _lesion(
    point: TimePoint, index: int | None, uids: Sequence[str]
) -> dict[str, Any] | None:
    if index is None:
        return None
    return {**point.records[index], 'tracking_uid': uids[index]}


def _changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, float | None]:
    changes: dict[str, float | None] = {}
    for name in MEASURES:
        change = growth(before.get(name), after.get(name))
        percent = f'{name.split("_")[0]}_percent'
        changes[name] = changes[percent] = None
        if change is not None:
            changes[name] = rounded(change.difference, 4)
            changes[percent] = rounded(change.percent, 2)
    return changes


def _place(
    places: Sequence[Place | None], index: int | None
) -> dict[str, Any] | None:
    place = None if index is None else places[index]
    if place is None:
        return None
    return {
        'center_lps_mm': rounded(place.center_lps_mm),
        'index': rounded(place.index),
        'inside': place.inside,
    }


def rounded(values: Any, digits: int = 3) -> Any:
    """Numbers rounded for JSON, of any shape; None stays None."""
    if values is None:
        return None
    return np.round(np.asarray(values, dtype=float), digits).tolist()
