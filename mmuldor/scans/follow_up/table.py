"""The result of a follow-up as CSV.

A row is a pair of lesions, or a lesion without partner; the words are those of
``follow_up.json`` (see `mmuldor.scans.follow_up.files`), and null is empty. A
row begins with both scans, so that the tables of several patients can be
stacked.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from typing import Any

from mmuldor.io.json_files import replacing
from mmuldor.io.paths import printable
from mmuldor.scans.follow_up.pair_records import MEASURES, pair_records
from mmuldor.scans.follow_up.result import FollowUp

COLUMNS = (
    'baseline_scan', 'follow_up_scan',
    'pair', 'status', 'target', 'baseline_number', 'follow_up_number',
    'lesion_type', 'baseline_key_slice', 'follow_up_key_slice',
    'expected_follow_up_slice', 'expected_baseline_slice', 'distance_mm',
    *(f'{when}_{name}' for name in MEASURES
      for when in ('baseline', 'follow_up')),
    *(f'growth_{name}' for measure in MEASURES
      for name in (measure, f'{measure.split("_")[0]}_percent')),
    'baseline_series_uid', 'follow_up_series_uid', 'tracking_uid', 'reason',
)  # fmt: skip


def write_follow_up_csv(path: str | os.PathLike, found: FollowUp) -> None:
    """Write a follow-up as CSV; null is empty."""
    with (
        replacing(path) as temporary,
        open(temporary, 'w', newline='', encoding='utf-8') as file,
    ):
        writer = csv.DictWriter(file, COLUMNS, lineterminator='\n')
        writer.writeheader()
        for record in pair_records(found):
            writer.writerow(_row(found, record))


def _row(found: FollowUp, record: Mapping[str, Any]) -> dict[str, Any]:
    before, after = record['baseline'] or {}, record['follow_up'] or {}
    changes = record['growth'] or {}
    row = {
        'baseline_scan': printable(found.baseline.volume.source),
        'follow_up_scan': printable(found.follow_up.volume.source),
        **{key: record[key] for key in ('pair', 'status', 'reason')},
        'target': int(record['target']),
        'baseline_number': before.get('number'),
        'follow_up_number': after.get('number'),
        'lesion_type': (before or after).get('lesion_type'),
        'baseline_key_slice': before.get('key_slice'),
        'follow_up_key_slice': after.get('key_slice'),
        'expected_follow_up_slice': _slice_of(record, 'follow_up'),
        'expected_baseline_slice': _slice_of(record, 'baseline'),
        'distance_mm': record['distance_mm'],
        'baseline_series_uid': found.baseline.series.get('series_uid'),
        'follow_up_series_uid': found.follow_up.series.get('series_uid'),
        'tracking_uid': record['tracking_uid'],
    }
    for name in MEASURES:
        percent = f'{name.split("_")[0]}_percent'
        row[f'baseline_{name}'] = before.get(name)
        row[f'follow_up_{name}'] = after.get(name)
        row[f'growth_{name}'] = changes.get(name)
        row[f'growth_{percent}'] = changes.get(percent)
    return row


def _slice_of(record: Mapping[str, Any], scan: str) -> float | None:
    place = record[f'expected_in_{scan}']
    return None if place is None else place['index'][2]
