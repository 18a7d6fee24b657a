"""The lesions of a scan as a label map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.functional.masks import rasterize
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume


def label_volume(lesions: Sequence[Lesion], volume: Volume) -> np.ndarray:
    """Masks of the lesions by their numbers, (slices, rows, columns) uint16.

    Where two overlap, the surer one shows.
    """
    labels = np.zeros(volume.shape, dtype=np.uint16)
    _, height, width = volume.shape
    for number, lesion in reversed(list(enumerate(lesions, start=1))):
        for found in lesion.detections:
            if found.outline_px is not None:
                mask = rasterize(found.outline_px, height, width)
                labels[found.slice_index][mask] = number
    return labels
