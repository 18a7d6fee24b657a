"""What is doubtful about a pair of scans, in short sentences.

No identity and no date of a patient stands in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmuldor.scans.follow_up.result import TimePoint
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# The date of the images; archives set that of a study anew.
_DATES = ('AcquisitionDate', 'ContentDate', 'SeriesDate', 'StudyDate')
# Slices thicker than this by a factor show other sizes.
_SLICE_RATIO = 2.0


def pair_notes(baseline: TimePoint, follow_up: TimePoint) -> list[str]:
    """Notes on two scans that are said to be of one patient."""
    first, second = baseline.volume, follow_up.volume
    notes = []
    if _is_same(baseline, follow_up):
        notes.append('baseline and follow-up are the same scan')
    headers = [_header(volume) for volume in (first, second)]
    if headers[0] is not None and headers[1] is not None:
        notes += _of_headers(headers[0], headers[1])
    thick = [volume.spacing_mm[2] for volume in (first, second)]
    if max(thick) >= _SLICE_RATIO * min(thick):
        notes.append(
            f'slices are {thick[0]:.4g} mm and {thick[1]:.4g} mm apart, so '
            'sizes differ by that alone'
        )
    models = [_model(point) for point in (baseline, follow_up)]
    if None not in models and models[0] != models[1]:
        notes.append(
            'the lesions were found with other weights or thresholds in the '
            'two scans'
        )
    return notes


def _is_same(baseline: TimePoint, follow_up: TimePoint) -> bool:
    uid = baseline.series.get('series_uid')
    if uid is not None and uid == follow_up.series.get('series_uid'):
        return True
    first, second = baseline.volume, follow_up.volume
    return first.shape == second.shape and np.array_equal(first.hu, second.hu)


def _header(volume: Volume) -> Dataset | None:
    return next((h for h in volume.dicom_headers if h is not None), None)


def _of_headers(first: Dataset, second: Dataset) -> list[str]:
    notes = []
    patients = [_text(header, 'PatientID') for header in (first, second)]
    if all(patients) and patients[0] != patients[1]:
        notes.append('the scans have different patient IDs')
    for keyword in _DATES:
        dates = [_text(header, keyword) for header in (first, second)]
        # YYYYMMDD sorts as text.
        if all(len(date) == 8 and date.isdecimal() for date in dates):
            if dates[0] > dates[1]:
                notes.append(
                    'the baseline is of a later date than the follow-up: are '
                    'the two swapped?'
                )
            break
    return notes


def _text(header: Dataset, keyword: str) -> str:
    # pydicom decodes elements now, and fails for damaged ones.
    try:
        return str(header.get(keyword) or '').strip()
    except Exception:
        return ''


def _model(point: TimePoint) -> tuple | None:
    """Weights and threshold that found the lesions; None if unknown."""
    known = point.provenance
    weights = known.get('bundle') or known.get('checkpoint')
    if not isinstance(weights, dict) or 'sha256' not in weights:
        return None
    return weights['sha256'], known.get('score_thr')
