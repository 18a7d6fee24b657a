"""Boxes of several lesion types on one place.

A model whose classes are lesion types applies NMS in each class alone, so a
place has a box of every type that it takes for likely. Where lesions of all
types are counted as one class, such a place is one detection, right or wrong.
"""

from __future__ import annotations

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.results import Detections
from mmuldor.functional.boxes import NMS_IOU, pairwise_iou


def of_other_types(detections: Detections) -> np.ndarray:
    """Which lie on the place of a higher-scoring one of another type.

    Greedy NMS between the types of an image: a detection of the lesion class
    is suppressed by one of a higher score and another type, which is not
    suppressed itself, at an IoU above `NMS_IOU`, inclusive widths. NMS within
    a type is left to the detector. Of tied scores none suppresses another,
    so that the order of a file says nothing.

    Args:
        detections: Of many images.

    Returns:
        (n,) bool; none where the detections have no types.
    """
    gone = np.zeros(len(detections), dtype=bool)
    if detections.types is None:
        return gone
    lesions = np.flatnonzero(detections.categories == LESION_CATEGORY)
    ids = detections.image_ids[lesions]
    order = lesions[np.lexsort((-detections.scores[lesions], ids))]
    begins = np.flatnonzero(np.diff(detections.image_ids[order])) + 1
    for rows in np.split(order, begins):
        gone[rows] = _suppressed(
            detections.boxes[rows],
            detections.types[rows],
            detections.scores[rows],
        )
    return gone


def _suppressed(
    boxes: np.ndarray, types: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """Of one image by descending score: (n, 4), (n,), (n,) to (n,) bool."""
    gone = np.zeros(len(boxes), dtype=bool)
    differ = types[:, None] != types
    if not differ.any():
        return gone
    below = scores < scores[:, None]
    near = differ & below & (pairwise_iou(boxes, boxes) > NMS_IOU)
    for row in np.flatnonzero(near.any(axis=1)):
        if not gone[row]:
            gone |= near[row]
    return gone
