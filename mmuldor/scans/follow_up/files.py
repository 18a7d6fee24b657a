"""The result of a follow-up as JSON.

``follow_up.json``::

    {"statement": "Arithmetic on measured diameters, not a diagnosis. ...",
     "baseline": {"results": "found_a", "scan": "a.nii.gz",
                  "shape": [slices, rows, columns],
                  "spacing_mm": [columns, rows, slices],
                  "affine_lps": [[...], [...], [...], [...]],
                  "study_uid": null, "series_uid": null,
                  "frame_of_reference_uid": null,
                  "lesions": 3, "notes": ["..."]},
     "follow_up": {...},
     "registration": {"status": "good", "problem": "",
                      "rigid_lps": [[...], [...], [...], [...]],
                      "rotation_deg": 2.1, "shift_mm": [x, y, z],
                      "deformation_median_mm": 3.0,
                      "deformation_max_mm": 18.2,
                      "correlation_before": 0.61, "correlation_rigid": 0.9,
                      "correlation": 0.97, "body_dice": 0.98,
                      "common_share": 0.93, "implausible_share": 0.0,
                      "error_mm": 3.0},
     "pairs": [{"pair": 1, "status": "matched", "reason": "",
                "target": true, "tracking_uid": "2.25...",
                "baseline": {...}, "follow_up": {...},
                "expected_in_follow_up": {"center_lps_mm": [x, y, z],
                                          "index": [column, row, slice],
                                          "inside": true},
                "expected_in_baseline": {...},
                "distance_mm": 2.4,
                "baseline_rivals": [], "follow_up_rivals": [],
                "growth": {"long_mm": 4.0, "long_percent": 20.0,
                           "short_mm": 1.0, "short_percent": 8.3,
                           "volume_ml": 1.2, "volume_percent": 44.0}}],
     "slices": {"to_follow_up": [null, 0.4, 1.4, ...],
                "to_baseline": [0.6, 1.6, ...]},
     "recist": {"statement": "...", "rule": "RECIST 1.1",
                "targets": [{"pair": 1, "baseline_number": 1,
                             "organ": "liver", "axis": "long",
                             "baseline_mm": 20.0, "follow_up_mm": 24.0}],
                "baseline_sum_mm": 20.0, "follow_up_sum_mm": 24.0,
                "change_mm": 4.0, "change_percent": 20.0,
                "target_response": "SD", "overall_response": "SD",
                "reasons": ["..."]},
     "notes": ["..."],
     "provenance": {"mmuldor": "0.1.0", "simpleitk": "2.5.7", ...}}

Frames are those of ``lesions.json``; see `mmuldor.scans.lesion_files`.
`rigid_lps` maps patient coordinates of the baseline to those of the
follow-up. Each lesion is in one pair; a pair has one or two lesions:

- matched: both; `growth` is follow-up minus baseline. A value is null if one
  of the two was not measured.
- new, gone: one, whose place is visible in the other scan.
- outside: one, whose place is not visible in the other scan.
- uncertain: one, or two that may belong together (then without growth);
  `reason` says why, and the rivals are the numbers of other lesions that may
  be the partner. All lesions are, one a row, if `registration.status` is
  'failed'; expected places are null then.

`baseline` and `follow_up` of a pair are entries of ``lesions.json`` without
the detections, or null. Their `tracking_uid` is that of the lesion over time:
a matched lesion has that of the baseline at both time points. That of the pair
is the baseline's, or of a lone follow-up lesion its own.

`slices` has for each slice of one scan the slice of the other that shows the
same place in the middle of the body, not rounded; null outside of it.

`follow_up_mm` of a target is 0 if it is gone, null if it is uncertain, outside
or not measured. Files of later versions may have further keys.

``follow_up.csv`` is described in `mmuldor.scans.follow_up.table`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from mmuldor.io.json_files import write_json
from mmuldor.io.paths import printable
from mmuldor.scans.follow_up.pair_records import pair_records, rounded
from mmuldor.scans.follow_up.recist import recist_record
from mmuldor.scans.follow_up.result import FollowUp, TimePoint

NAME = 'follow_up.json'
STATEMENT = (
    'Arithmetic on measured diameters, not a diagnosis. Not a medical device.'
)


def write_follow_up_json(
    path: str | os.PathLike,
    found: FollowUp,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a follow-up as JSON; see the module for the format."""
    write_json(path, document(found, provenance), indent=1)


def document(
    found: FollowUp, provenance: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The content of ``follow_up.json``."""
    return {
        'statement': STATEMENT,
        'baseline': _time_point(found.baseline),
        'follow_up': _time_point(found.follow_up),
        'registration': _registration(found),
        'pairs': pair_records(found),
        'slices': {
            'to_follow_up': _slices(found.slices.to_follow_up),
            'to_baseline': _slices(found.slices.to_baseline),
        },
        'recist': {'statement': STATEMENT, **recist_record(found)},
        'notes': list(map(printable, found.notes)),
        'provenance': dict(provenance or {}),
    }


def _time_point(point: TimePoint) -> dict[str, Any]:
    volume = point.volume
    return {
        'results': printable(point.folder),
        'scan': printable(volume.source),
        'shape': list(volume.shape),
        'spacing_mm': list(volume.spacing_mm),
        'affine_lps': volume.affine.tolist(),
        **point.series,
        'lesions': len(point.lesions),
        'notes': list(map(printable, point.notes)),
    }


def _registration(found: FollowUp) -> dict[str, Any]:
    quality = found.quality
    return {
        'status': 'failed' if found.problem else 'good',
        'problem': found.problem,
        'rigid_lps': rounded(found.rigid_lps, 6),
        'rotation_deg': rounded(quality.rotation_deg),
        'shift_mm': rounded(quality.shift_mm),
        **{
            name: rounded(getattr(quality, name), 4)
            for name in (
                'deformation_median_mm', 'deformation_max_mm',
                'correlation_before', 'correlation_rigid', 'correlation',
                'body_dice', 'common_share', 'implausible_share',
            )
        },
        'error_mm': rounded(found.error_mm),
    }  # fmt: skip


def _slices(indices: np.ndarray) -> list[float | None]:
    return [
        None if np.isnan(index) else round(float(index), 2)
        for index in indices
    ]
