"""Entries of volumes.json: the slices around a key slice as a volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .lesions.growth import PlacedLesion

if TYPE_CHECKING:
    from .records import KeySlice
    from .series import ScanGeometry

SPLITS = {1: 'train', 2: 'val', 3: 'test'}


def volume_truth(
    findings: Sequence[PlacedLesion],
    series: ScanGeometry,
    place: KeySlice,
    numbers: Sequence[int],
) -> dict[str, Any]:
    """The entry of the slices of a key slice; `mmuldor.io.volume_annotations`.

    Its name is that of the file of `convert_volumes.py to-nifti`, its origin
    that of `read_png_series`: the first pixel of the uppermost slice. Of a
    lesion that leaves the slices, the box of the part inside counts.

    Args:
        findings: All lesions, those that the CSV leaves out too.
        series: The scan.
        place: The key slice.
        numbers: Of the slices, ascending: the first is the uppermost.
    """
    size, count = series.scanner.size, len(numbers)
    spacing = [series.spacing, series.spacing, series.interval]
    affine = np.diag([*spacing, 1.0])
    affine[2, 3] = -(count - 1) * series.interval
    lesions = []
    for finding in findings:
        box = _box_mm(finding, series, numbers)
        lesions.append(
            {
                'number': len(lesions) + 1,
                'label': finding.site.lesion_type,
                'key_slice': numbers[-1] - place.key,
                'box_mm': [round(value, 3) for value in box.tolist()],
            }
        )
    return {
        'name': f'{series.folder}_{numbers[0]:03d}-{numbers[-1]:03d}',
        'file': '',
        'patient': place.patient,
        'patient_name': f'{place.patient:06d}',
        'split': SPLITS[place.split],
        'shape': [count, size, size],
        'spacing_mm': spacing,
        'affine_lps': affine.tolist(),
        'lesions': lesions,
    }


def _box_mm(
    finding: PlacedLesion, series: ScanGeometry, numbers: Sequence[int]
) -> np.ndarray:
    """`x1 y1 z1 x2 y2 z2` out to the borders of the voxels, (6,)."""
    canvas = series.canvas()
    rows, columns, slices = [], [], []
    for number in numbers:
        mask = finding.lesion.mask(canvas, series.height(number))
        if mask.any():
            rows += np.flatnonzero(mask.any(1))[[0, -1]].tolist()
            columns += np.flatnonzero(mask.any(0))[[0, -1]].tolist()
            # Slice numbers count from the head, indices from the feet.
            slices.append(numbers[-1] - number)
    low = np.array([min(columns), min(rows), min(slices)]) - 0.5
    high = np.array([max(columns), max(rows), max(slices)]) + 0.5
    spacing = [series.spacing, series.spacing, series.interval]
    return np.concatenate([low, high]) * np.tile(spacing, 2)
