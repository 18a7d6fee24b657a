"""The lesions of a scan as a label map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume


def label_map(lesions: Sequence[Lesion], volume: Volume) -> np.ndarray:
    """Masks of the lesions by their numbers, (slices, rows, columns) uint16.

    Where two overlap, the one with the higher score shows.
    """
    labels = np.zeros(volume.shape, dtype=np.uint16)
    for number, lesion in reversed(list(enumerate(lesions, start=1))):
        for detection in lesion.detections:
            if detection.mask is not None:
                detection.mask.paint(labels[detection.slice_index], number)
    return labels
