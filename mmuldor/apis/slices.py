"""Slices of a volume as items of a dataset."""

from __future__ import annotations

import numpy as np

from mmuldor.scans.volume import Volume


def slices_represented(count: int, stride: int) -> dict[int, list[int]]:
    """Slices to detect on, each with those it represents, itself first."""
    first = (stride - 1) // 2
    chosen = {min(k, count - 1) for k in range(first, count + first, stride)}
    represented = {k: [k] for k in sorted(chosen)}
    for k in range(count):
        nearest = min(represented, key=lambda own: abs(own - k))
        if k != nearest:
            represented[nearest].append(k)
    return represented


class HeadFirstSlices:
    """Slices of a volume by DeepLesion's numbers, 1 at the head."""

    def __init__(self, volume: Volume) -> None:
        self._hu = volume.hu

    def __getitem__(self, number: int) -> np.ndarray:
        return self._hu[len(self._hu) - number]


def slice_item(volume: Volume, index: int) -> dict:
    """A dataset's item for one slice."""
    count, height, width = volume.shape
    columns_mm, rows_mm, interval_mm = volume.spacing_mm
    return {
        'img_id': index,
        'img_path': f'{volume.source}#{index}',
        'height': height,
        'width': width,
        'spacing_mm': [columns_mm, rows_mm],
        'slice_interval_mm': interval_mm,
        'key_slice': count - index,
        'slice_range': [1, count],
        'slices_hu': HeadFirstSlices(volume),
        'window_hu': None,
        'instances': [],
    }
