"""Match 3-D detections to the lesions of their volumes.

The rules are those of slices (see `mmuldor.functional.froc`), except for the
hit criterion, and a volume takes the place of an image. A second hit on a
lesion is neither a true nor a false positive. One box may hit several lesions.
`froc_curve` divides the false positives by the number of volumes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats
from mmuldor.functional.boxes_3d import (
    centers_3d,
    check_boxes_3d,
    rowwise_iou_3d,
)
from mmuldor.functional.matching import Matched, check_iou_thr, match_boxes

# iou: 3-D IoU of the boxes. center: the detection's centre lies in the
# lesion's box. radius: its distance to the lesion's centre is at most half of
# the box's longest side; for spherical lesions that is LUNA16's rule (Setio et
# al., Med. Image Anal. 2017).
HIT_RULES = ('iou', 'center', 'radius')
# Lower than on slices: one slice too many halves the 3-D IoU of a lesion of
# one slice, and lesions do not overlap (nnDetection, MICCAI 2021).
IOU_THR = 0.1


def match_volumes(
    det_boxes: ArrayLike,
    det_scores: ArrayLike,
    det_volumes: ArrayLike,
    lesion_boxes: ArrayLike,
    lesion_volumes: ArrayLike,
    volumes: ArrayLike,
    *,
    hit: str = 'iou',
    iou_thr: float = IOU_THR,
) -> Matched:
    """Match 3-D detections to the lesions of their volumes.

    Like `mmuldor.functional.matching.match`, but with volumes for images and
    boxes `x1 y1 z1 x2 y2 z2` in mm along the axes of their volume.

    Args:
        det_boxes: Boxes of the detections, (n, 6).
        det_scores: Scores of the detections, (n,).
        det_volumes: Volume id of each detection, (n,) integers.
        lesion_boxes: Boxes of the lesions, (m, 6).
        lesion_volumes: Volume id of each lesion, (m,) integers.
        volumes: Unique ids of all evaluated volumes, (k,) integers.
        hit: Hit criterion, one of `HIT_RULES`.
        iou_thr: With 'iou', a hit is an IoU of at least this.

    Returns:
        Input of `mmuldor.functional.froc.froc_curve`; its "images" are
        volumes.

    Raises:
        TypeError: If an array is not of numbers, or ids not of integers.
        ValueError: If a shape, box, score, id, `hit` or `iou_thr` is wrong.
    """
    check_hit(hit, iou_thr)
    return match_boxes(
        check_boxes_3d(det_boxes, 'det_boxes'),
        det_scores,
        det_volumes,
        check_boxes_3d(lesion_boxes, 'lesion_boxes'),
        lesion_volumes,
        volumes,
        lambda dets, lesions: _hits(dets, lesions, hit, iou_thr),
        unit='volume',
    )


def check_hit(hit: str, iou_thr: float) -> None:
    """Raise ValueError unless both arguments of `match_volumes` are valid."""
    if hit not in HIT_RULES:
        raise ValueError(
            f'`hit` must be one of {", ".join(HIT_RULES)}, but got {hit!r}.'
        )
    check_iou_thr(iou_thr)


def _hits(dets: Floats, lesions: Floats, hit: str, iou_thr: float) -> Bools:
    """Whether detection k hits lesion k, (p,) bool."""
    if hit == 'iou':
        return rowwise_iou_3d(dets, lesions) >= iou_thr
    centers = centers_3d(dets)
    if hit == 'center':
        inside = (centers >= lesions[:, :3]) & (centers <= lesions[:, 3:])
        centred: Bools = np.all(inside, axis=1)
        return centred
    distances = np.linalg.norm(centers - centers_3d(lesions), axis=1)
    near: Bools = (
        distances <= (lesions[:, 3:] - lesions[:, :3]).max(axis=1) / 2
    )
    return near
