"""The lesions of a scan as a label map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume


def label_map(lesions: Sequence[Lesion], volume: Volume) -> np.ndarray:
    """Label map of the lesions, (slices, rows, columns) uint16.

    Voxels have the number of their lesion, from 1, and 0 elsewhere. Where
    lesions overlap, that of the higher score is stored.
    """
    labels = np.zeros(volume.shape, dtype=np.uint16)
    for number, lesion in reversed(list(enumerate(lesions, start=1))):
        for detection in lesion.detections:
            if detection.mask is not None:
                detection.mask.paint(labels[detection.slice_index], number)
    return labels
