"""Two scans of a follow-up side by side as one HTML page.

Both scroll together through the slices that show the same place, see
``slices`` in :mod:`mmuldor.scans.follow_up.files`. The list has a row for each
pair of lesions and each lesion without partner.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.follow_up.matching import STATUSES, LesionPair
from mmuldor.io.paths import printable
from mmuldor.scans.follow_up.files import document as json_document
from mmuldor.scans.follow_up.result import FollowUp, Place, TimePoint
from mmuldor.scans.viewer.header import header_facts
from mmuldor.scans.viewer.page import page_data
from mmuldor.scans.viewer.scan_data import lesion_mark, scan_data
from mmuldor.scans.viewer.slice_codec import choose_grid
from mmuldor.scans.viewer.template import (
    EmbeddedScan,
    SliceProgress,
    page_part,
    write_page,
)
from mmuldor.scans.viewer.without_patient import (
    scan_name,
    without_patient,
)
from mmuldor.scans.volume import Volume

ROLES = ('Baseline', 'Follow-up')
_COLUMNS = ('number', 'match', 'course', 'change', 'percent', 'growth')
_OF_SCAN = ('Slices', 'Spacing', 'Thickness', 'Kernel')
_ARROW = '\N{RIGHTWARDS ARROW}'


def write_follow_up_page(
    path: str | os.PathLike,
    found: FollowUp,
    provenance: Mapping[str, Any] | None = None,
    *,
    max_bytes: float = 80e6,
    progress: SliceProgress = lambda items, total: items,
) -> None:
    """Write the page of a follow-up.

    Args:
        path: HTML file.
        found: The result of the follow-up.
        provenance: As of ``follow_up.json``, for the header.
        max_bytes: Approximate maximum size of the page, a half for each scan;
            see :func:`mmuldor.scans.viewer.page.write_volume_page`.
        progress: Wraps the slices of both scans; gets their number.
    """
    points = (found.baseline, found.follow_up)
    volumes = [point.volume for point in points]
    known = json_document(found, provenance)
    rows = [
        _row(order, found, pair, record)
        for order, (pair, record) in enumerate(
            zip(found.pairs, known['pairs'], strict=True)
        )
    ]
    links = [
        _links(known['slices'][key], len(other.hu))
        for key, other in (
            ('to_follow_up', volumes[1]),
            ('to_baseline', volumes[0]),
        )
    ]
    firsts = _first_slices(rows, links, len(volumes[0].hu))
    scans = [
        EmbeddedScan(
            volume, choose_grid(volume.hu, max_bytes / 2), first, role
        )
        for volume, first, role in zip(volumes, firsts, ROLES, strict=True)
    ]
    document = {
        **page_data(f' {_ARROW} '.join(map(scan_name, volumes)), 'follow-up'),
        'facts': _facts(found, known),
        'columns': _COLUMNS,
        'scans': [
            scan_data(scan.volume, scan.grid, scan.first, scan.role)
            for scan in scans
        ],
        'links': links,
        'linked': not found.problem,
        'notes': _notes(found),
        'lesions': rows,
        'recist': {
            **known['recist'],
            'reasons': list(map(printable, known['recist']['reasons'])),
        },
    }
    write_page(path, document, scans, progress, page_part('recist.html'))


def _row(
    order: int, found: FollowUp, pair: LesionPair, record: dict[str, Any]
) -> dict[str, Any]:
    """A row of the list, with a mark in each scan that has the lesion."""
    before, after = (
        _mark(point, index)
        for point, index in (
            (found.baseline, pair.baseline),
            (found.follow_up, pair.follow_up),
        )
    )
    kinds = [record[key] for key in ('baseline', 'follow_up') if record[key]]
    return {
        'number': record['pair'],
        'order': order,
        'match': record['status'],
        'type': kinds[0].get('lesion_type'),
        'target': record['target'],
        'marks': [before, after],
        # Where a lesion without partner would be.
        'expected': [
            _expected(found.in_baseline, pair.follow_up)
            if before is None
            else None,
            _expected(found.in_follow_up, pair.baseline)
            if after is None
            else None,
        ],
        'growth': record['growth'],
        'remarks': _remarks(record),
    }


def _mark(point: TimePoint, index: int | None) -> dict[str, Any] | None:
    if index is None:
        return None
    number = point.records[index]['number']
    return {**lesion_mark(point.lesions[index]), 'number': number}


def _expected(
    places: Sequence[Place | None], index: int | None
) -> dict[str, Any] | None:
    """Column, row and slice; None where that is not known or outside."""
    place = None if index is None else places[index]
    if place is None or not place.inside:
        return None
    column, row, slice_index = np.asarray(place.index, dtype=float)
    return {
        'place': [round(float(column), 2), round(float(row), 2)],
        'slice': round(float(slice_index)),
    }


def _remarks(record: dict[str, Any]) -> list[str]:
    """What a row says beside its places: growth, doubts."""
    grown = record['growth'] or {}
    before, after = record['baseline'] or {}, record['follow_up'] or {}
    sizes = []
    for label, key, unit in (
        ('short', 'short_mm', 'mm'),
        ('volume', 'volume_ml', 'ml'),
    ):
        if grown.get(key) is not None:
            percent = grown[f'{key.split("_")[0]}_percent']
            percents = '' if percent is None else f' ({_signed(percent)} %)'
            sizes.append(
                f'{label} {before[key]:.1f} {_ARROW} {after[key]:.1f} {unit}'
                f'{percents}'
            )
    remarks = [', '.join(sizes)] if sizes else []
    if record['reason']:
        remarks.append(printable(record['reason']))
    for key, role in zip(
        ('baseline_rivals', 'follow_up_rivals'), ROLES, strict=True
    ):
        if record[key]:
            numbers = ', '.join(map(str, record[key]))
            remarks.append(f'or lesion {numbers} of the {role.lower()}')
    return remarks


def _signed(percent: float) -> str:
    return f'{percent:+.1f}'.replace('-', '\N{MINUS SIGN}')


def _links(indices: Sequence[float | None], count: int) -> list[int]:
    """Slice of the other scan for each slice; the nearest one outside.

    Without any known one, as of a failed registration, slices are linked by
    their share of the scan.
    """
    known = [k for k, index in enumerate(indices) if index is not None]
    slices = np.arange(len(indices))
    if known:
        values = [float(indices[k] or 0.0) for k in known]
        linked: ArrayLike = np.interp(slices, known, values)
    else:
        linked = slices * (count - 1) / max(len(indices) - 1, 1)
    return np.clip(np.rint(linked), 0, count - 1).astype(int).tolist()


def _first_slices(
    rows: Sequence[dict[str, Any]], links: Sequence[Sequence[int]], count: int
) -> tuple[int, int]:
    """The slices of the first row, else the middle of the baseline."""
    before, after = rows[0]['marks'] if rows else (None, None)
    if before is not None:
        first = before['slice']
        return first, after['slice'] if after else links[0][first]
    if after is not None:
        return links[1][after['slice']], after['slice']
    return count >> 1, links[0][count >> 1]


def _facts(found: FollowUp, known: dict[str, Any]) -> list[tuple[str, str]]:
    counts = Counter(pair.status for pair in found.pairs)
    stated = [f'{counts[name]} {name}' for name in STATUSES if counts[name]]
    registration = f'failed: {found.problem}'
    if not found.problem:
        registration = f'good, error about {found.error_mm:.2g} mm'
    used = known['provenance']
    facts = [
        (role, _scan_fact(point.volume))
        for role, point in zip(
            ROLES, (found.baseline, found.follow_up), strict=True
        )
    ]
    software = dict(header_facts(found.baseline.volume, 0, used))['Software']
    return [
        *facts,
        ('Registration', printable(registration)),
        ('Lesions', ', '.join(stated) or 'none'),
        ('Software', software),
    ]


def _scan_fact(volume: Volume) -> str:
    stated = dict(header_facts(volume, 0))
    words = {'Thickness': 'thickness ', 'Kernel': 'kernel '}
    return ', '.join(
        words.get(label, '') + stated[label]
        for label in _OF_SCAN
        if label in stated
    )


def _notes(found: FollowUp) -> list[str]:
    """Notes of the pair, then of each scan; none names the patient."""
    points = (found.baseline, found.follow_up)
    notes = list(found.notes)
    for role, point in zip(ROLES, points, strict=True):
        notes += [f'{role}: {note}' for note in point.notes]
    for point in points:
        notes = [without_patient(printable(n), point.volume) for n in notes]
    return notes
