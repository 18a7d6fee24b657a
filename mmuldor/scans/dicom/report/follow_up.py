"""A follow-up as a Structured Report in the study of the second scan.

That of the lesions of the second scan with the tracking UIDs of the baseline
for lesions that were matched, their changes, and a group without measurements
for each baseline lesion without partner. The baseline's report and
Segmentation are among the evidence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.scans.dicom.report.groups import Comparison
from mmuldor.scans.dicom.report.report import FollowUpContent, write_report
from mmuldor.scans.follow_up.pair_records import pair_records
from mmuldor.scans.follow_up.result import FollowUp

# By the key of `growth`: what changed, and its unit.
_CHANGES = {
    'long_mm': ('Change of long axis', 'mm'),
    'long_percent': ('Relative change of long axis', '%'),
    'short_mm': ('Change of short axis', 'mm'),
    'short_percent': ('Relative change of short axis', '%'),
    'volume_ml': ('Change of volume', 'ml'),
    'volume_percent': ('Relative change of volume', '%'),
}


def write_follow_up_report(
    path: str | os.PathLike[str], found: FollowUp
) -> list[str]:
    """Write the report of a follow-up.

    Args:
        path: File to write; none is written unless the second scan is DICOM.
        found: The follow-up.

    Returns:
        Notes on why nothing was written or on what was left out.
    """
    point = found.follow_up
    if not point.volume.dicom_headers:
        return []
    pairs = pair_records(found)
    by_number = {
        pair['follow_up']['number']: pair
        for pair in pairs
        if pair['follow_up']
    }
    records, comparisons = [], []
    for k, record in enumerate(point.records):
        pair = by_number[record['number']]
        records.append(_record(found, k, pair['follow_up']['tracking_uid']))
        comparisons.append(_comparison(pair, record['number']))
    gone = [
        (
            pair['tracking_uid'],
            Comparison(f'Lesion {pair["baseline"]["number"]}', pair['status']),
        )
        for pair in pairs
        if not pair['follow_up']
    ]
    return write_report(
        *(path, records, point.volume, Path(point.folder) / 'lesions.dcm'),
        follow_up=FollowUpContent(comparisons, gone, _prior(found)),
    )


def _comparison(pair: Mapping[str, Any], number: int) -> Comparison:
    """Of a lesion of the follow-up."""
    name = f'Lesion {number} of the follow-up'
    if pair['status'] == 'matched':
        name = f'Lesion {pair["baseline"]["number"]}'
    growth = pair['growth'] or {}
    changes = [
        (label, growth[key], unit)
        for key, (label, unit) in _CHANGES.items()
        if growth.get(key) is not None
    ]
    return Comparison(name, pair['status'], changes)


def _record(found: FollowUp, index: int, uid: str) -> dict[str, Any]:
    """A lesion as ``lesions.json`` describes it."""
    lesion = found.follow_up.lesions[index]
    ends = lesion.recist_px
    return {
        'number': found.follow_up.records[index]['number'],
        'tracking_uid': uid,
        **{
            name: getattr(lesion, name)
            for name in (
                *('score', 'probability', 'lesion_type', 'key_slice'),
                *('long_mm', 'short_mm', 'volume_ml'),
            )
        },
        'recist_px': None if ends is None else np.ravel(ends).tolist(),
        'detections': [
            {'slice': d.slice_index, 'box_px': d.box_px}
            for d in lesion.detections
        ],
    }


def _prior(found: FollowUp) -> list[Any]:
    """Headers of the baseline's report and Segmentation, if there are any."""
    import pydicom

    paths = [
        Path(found.baseline.folder) / name
        for name in ('lesions_sr.dcm', 'lesions.dcm')
    ]
    return [
        pydicom.dcmread(
            path,
            specific_tags=[
                *('SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID'),
                'SeriesInstanceUID',
            ],
        )
        for path in paths
        if path.is_file()
    ]
