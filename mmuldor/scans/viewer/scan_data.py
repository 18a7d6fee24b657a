"""What the scripts of a page know of a scan and its lesions."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmuldor.scans.lesions import Lesion
from mmuldor.scans.viewer.header import numbers_of
from mmuldor.scans.viewer.slice_codec import (
    HIGHEST_HU,
    LOWEST_HU,
    ReducedGrid,
)
from mmuldor.scans.viewer.without_patient import scan_name
from mmuldor.scans.volume import Volume


def scan_data(
    volume: Volume, grid: ReducedGrid, first: int, role: str = ''
) -> dict[str, Any]:
    """A scan; pixels are those of the volume.

    Args:
        volume: The scan.
        grid: Resolution of its embedded slices.
        first: Slice to begin with.
        role: What it is on a page of several scans.
    """
    numbers = numbers_of(volume)
    return {
        'name': scan_name(volume),
        'role': role,
        'shape': list(volume.shape),
        'spacing_mm': list(volume.spacing_mm),
        'affine': volume.affine[:3].tolist(),
        'grid': {
            **grid._asdict(),
            'lowest_hu': LOWEST_HU,
            'highest_hu': HIGHEST_HU,
        },
        'numbers': None if numbers is None else numbers[0],
        'numbered_by': None if numbers is None else numbers[1],
        'first': first,
    }


def lesion_mark(lesion: Lesion) -> dict[str, Any]:
    """Where a lesion lies in a scan, and how large it is."""
    return {
        'score': round(lesion.score, 4),
        'probability': lesion.probability,
        'slice': lesion.key_slice,
        'center_mm': np.round(lesion.center_lps_mm, 1).tolist(),
        'long_mm': lesion.long_mm,
        'short_mm': lesion.short_mm,
        'volume_ml': lesion.volume_ml,
        'recist': _flat_points(lesion.recist_px),
        'detections': [
            {
                'slice': d.slice_index,
                'score': round(d.score, 4),
                'box': _flat_points(d.box_px),
                'outline': _flat_points(d.outline_px),
            }
            for d in lesion.detections
        ],
    }


def _flat_points(values: np.ndarray | None) -> list[float] | None:
    """Coordinates as a flat list x y x y ..., rounded to 0.01 px."""
    if values is None:
        return None
    return np.round(np.asarray(values, dtype=float).reshape(-1), 2).tolist()
