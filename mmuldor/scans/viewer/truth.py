"""Lesions of a scan beside those that are known to be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.matching_3d import match_volumes
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume

FINDING, FALSE_POSITIVE, MISSED, SECOND_HIT = (
    'finding',
    'false positive',
    'missed',
    'second hit',
)


def matches(
    lesions: Sequence[Lesion], truth_mm: Floats
) -> tuple[list[str], list[int]]:
    """Type of match of each lesion, and which true ones are missed.

    The rule is that of ``tools/froc_volumes.py``: a hit is a 3-D IoU of at
    least 0.1, and a second hit on a lesion is neither a finding nor a false
    positive.

    Args:
        lesions: The detected lesions.
        truth_mm: Boxes of the true ones as ``Lesion.box_mm``, (m, 6).

    Returns:
        A word for each detected lesion, and indices of missed true ones.
    """
    boxes = np.array([lesion.box_mm for lesion in lesions]).reshape(-1, 6)
    truth = np.asarray(truth_mm, dtype=np.float64).reshape(-1, 6)
    matched = match_volumes(
        boxes,
        [lesion.score for lesion in lesions],
        np.zeros(len(boxes), dtype=int),
        truth,
        np.zeros(len(truth), dtype=int),
        [0],
    )
    first = {int(row) for row in matched.lesion_detection if row >= 0}
    words = [
        FALSE_POSITIVE if is_fp else FINDING if k in first else SECOND_HIT
        for k, is_fp in enumerate(matched.det_is_fp)
    ]
    missed = np.flatnonzero(matched.lesion_detection < 0)
    return words, [int(k) for k in missed]


def box_mark(box_mm: Floats, volume: Volume) -> dict[str, Any]:
    """A true box as a mark of the page, a rectangle on each of its slices.

    Args:
        box_mm: ``x1 y1 z1 x2 y2 z2``, see ``Lesion.box_mm``.
        volume: The scan that it lies in.
    """
    low, high = np.asarray(box_mm).reshape(2, 3) / volume.spacing_mm
    center = (low + high) / 2
    # Slices whose centre lies inside; at least the one in the middle.
    first, last = int(np.ceil(low[2])), int(np.floor(high[2]))
    key = min(max(round(float(center[2])), 0), len(volume.hu) - 1)
    first = max(min(first, key), 0)
    last = min(max(last, key), len(volume.hu) - 1)
    box = np.round([*low[:2], *high[:2]], 2).tolist()
    return {
        'score': None,
        'probability': None,
        'slice': key,
        'center_mm': np.round(volume.to_patient(center)[0], 1).tolist(),
        'long_mm': None,
        'short_mm': None,
        'volume_ml': None,
        'recist': None,
        'detections': [
            {'slice': k, 'score': None, 'box': box, 'outline': None}
            for k in range(first, last + 1)
        ],
    }
