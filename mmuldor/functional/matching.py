"""Match detections to the lesions of their images.

Whether a detection is a false positive (FP) does not depend on its rank. A
lesion is detected at the step of the highest-ranked detection that hits it.
`Matched` holds both, so a curve of resampled images needs two histograms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import (
    Bools,
    Floats,
    Ints,
    Numbers,
    check_ids,
    check_images,
    check_scores,
    descending_order,
    find_ids,
)
from mmuldor.functional.boxes import NMS_IOU, check_boxes, rowwise_iou

# Pairs of boxes compared at a time, so that the arrays stay in the cache.
BLOCK = 1 << 15


@dataclass(frozen=True, eq=False)
class Matched:
    """Detections matched to lesions; rows are in the order of the input.

    Images are given by their index in `image_ids`. Steps are the ranks of
    scores from 0, the highest; tied detections share a step.

    Attributes:
        image_ids: Ids of the evaluated images, (k,) int64.
        det_image: Image of each detection, (n,) int.
        det_score: Score of each detection, (n,) float64.
        det_step: Step of each detection, (n,) int.
        det_is_fp: Whether the detection hits no lesion, (n,) bool.
        lesion_image: Image of each lesion, (m,) int.
        lesion_detection: Row of the highest-ranked detection that hits the
            lesion (the first of tied ones), -1 if none does, (m,) int.
        lesion_step: That detection's step, `num_steps` if none, (m,) int.
        num_steps: The number of steps.
    """

    image_ids: Ints
    det_image: Ints
    det_score: Floats
    det_step: Ints
    det_is_fp: Bools
    lesion_image: Ints
    lesion_detection: Ints
    lesion_step: Ints
    num_steps: int


def match(
    det_boxes: ArrayLike,
    det_scores: ArrayLike,
    det_images: ArrayLike,
    lesion_boxes: ArrayLike,
    lesion_images: ArrayLike,
    images: ArrayLike,
    *,
    iou_thr: float = 0.5,
    inclusive: bool = True,
    det_tiers: ArrayLike | None = None,
) -> Matched:
    """Match detections to the lesions of their images.

    Boxes are `x1 y1 x2 y2`, source-image pixels, all in one frame. Rows may
    be in any order. Time grows as n log n, memory as n.

    Args:
        det_boxes: Boxes of the detections, (n, 4).
        det_scores: Scores of the detections, (n,).
        det_images: Image id of each detection, (n,) integers.
        lesion_boxes: Boxes of the lesions, (m, 4).
        lesion_images: Image id of each lesion, (m,) integers.
        images: Unique ids of all evaluated images, (k,) integers, including
            those without detections or lesions.
        iou_thr: A hit is an IoU of at least this.
        inclusive: Count widths as `x2 - x1 + 1`.
        det_tiers: (n,) integers; detections of a smaller tier rank before
            those of a larger tier, independent of their scores. None: one
            tier.

    Raises:
        TypeError: If an array is not of numbers, or ids not of integers.
        ValueError: If a shape, box, score, image or `iou_thr` is wrong; names
            the first wrong row.
    """
    check_iou_thr(iou_thr)
    return match_boxes(
        check_boxes(det_boxes, 'det_boxes'),
        det_scores,
        det_images,
        check_boxes(lesion_boxes, 'lesion_boxes'),
        lesion_images,
        images,
        lambda dets, lesions: (
            rowwise_iou(dets, lesions, inclusive=inclusive) >= iou_thr
        ),
        det_tiers,
    )


def match_boxes(
    det_boxes: Floats,
    det_scores: ArrayLike,
    det_images: ArrayLike,
    lesion_boxes: Floats,
    lesion_images: ArrayLike,
    images: ArrayLike,
    hits: Callable[[Floats, Floats], Bools],
    det_tiers: ArrayLike | None = None,
    *,
    unit: str = 'image',
) -> Matched:
    """Match boxes of any dimension by any hit criterion.

    Args:
        det_boxes: (n, d) float64, already checked.
        det_scores: As for `match`.
        det_images: As for `match`.
        lesion_boxes: (m, d) float64, already checked.
        lesion_images: As for `match`.
        images: As for `match`.
        hits: Function of p pairs of boxes, detections (p, d) and lesions
            (p, d) of the same image; returns which are hits, (p,) bool.
        det_tiers: As for `match`.
        unit: Word for an image in error messages.
    """
    image_ids = check_images(images)
    scores = check_scores(det_scores, len(det_boxes), 'det_scores')
    det_image = find_ids(det_images, len(det_boxes), image_ids, f'det_{unit}s')
    lesion_image = find_ids(
        lesion_images, len(lesion_boxes), image_ids, f'lesion_{unit}s'
    )
    det_step, num_steps = _rank(scores, det_tiers)
    det_is_fp = np.ones(len(scores), dtype=bool)
    # `step * count + row`: its minimum is the highest-ranked detection, the
    # first row among tied ones. `num_steps` means that no detection hits.
    count = max(len(scores), 1)
    best = np.full(len(lesion_image), num_steps * count)
    for dets, lesions in _pairs(det_image, lesion_image, len(image_ids)):
        hit = hits(det_boxes[dets], lesion_boxes[lesions])
        dets, lesions = dets[hit], lesions[hit]
        det_is_fp[dets] = False
        np.minimum.at(best, lesions, det_step[dets] * count + dets)
    lesion_step, row = np.divmod(best, count)
    lesion_detection = np.where(lesion_step < num_steps, row, -1)
    return Matched(
        image_ids,
        det_image,
        scores,
        det_step,
        det_is_fp,
        lesion_image,
        lesion_detection,
        lesion_step,
        num_steps,
    )


def append_fp_class(
    boxes: ArrayLike,
    images: ArrayLike,
    is_fp_class: ArrayLike,
    *,
    nms_iou: float = NMS_IOU,
    inclusive: bool = True,
) -> tuple[Ints, Ints]:
    """Count detections of the false-positive class as detections ("+ FP").

    All detections of the lesion class rank before those of the FP class: pass
    the returned tiers to `match`. NMS is applied between the classes within
    an image. Since the lesion class ranks higher, this removes only FP-class
    detections, those whose IoU with a lesion-class detection exceeds
    `nms_iou`. NMS within a class is left to the detector.

    Args:
        boxes: `x1 y1 x2 y2` in source-image pixels, (n, 4).
        images: Image id of each box, (n,) integers.
        is_fp_class: Whether the box is of the FP class, (n,) bool.
        nms_iou: A higher IoU suppresses.
        inclusive: Count widths as `x2 - x1 + 1`.

    Returns:
        The remaining rows, ascending, (r,) int, and their tiers, (r,) int: 0
        for the lesion class, 1 for the FP class.

    Raises:
        ValueError: If a shape, box or `nms_iou` is wrong.
    """
    check_iou_thr(nms_iou, 'nms_iou')
    boxes = check_boxes(boxes)
    is_fp_class = np.asarray(is_fp_class)
    if is_fp_class.shape != (len(boxes),) or is_fp_class.dtype != bool:
        raise ValueError(
            f'`is_fp_class` must be bool of shape ({len(boxes)},), but got '
            f'{is_fp_class.dtype} of shape {is_fp_class.shape}.'
        )
    images = check_ids(images, len(boxes), 'images')
    ids, image = np.unique(images, return_inverse=True)
    lesion_rows = np.flatnonzero(~is_fp_class)
    fp_rows = np.flatnonzero(is_fp_class)
    keep = np.ones(len(boxes), dtype=bool)
    for fps, lesions in _pairs(image[fp_rows], image[lesion_rows], len(ids)):
        overlaps = rowwise_iou(
            boxes[fp_rows[fps]],
            boxes[lesion_rows[lesions]],
            inclusive=inclusive,
        )
        keep[fp_rows[fps[overlaps > nms_iou]]] = False
    rows = np.flatnonzero(keep)
    return rows, is_fp_class[rows].astype(np.int64)


def drop_noisy(
    images: ArrayLike, lesion_images: ArrayLike, noisy: ArrayLike
) -> tuple[Bools, Bools]:
    """Drop noisy lesions, and images whose lesions are all noisy.

    Images without any lesion stay: their detections are FPs.

    Args:
        images: Ids of all images, (k,) integers.
        lesion_images: The id of each lesion's image, (m,) integers.
        noisy: Whether the lesion's annotation is noisy, (m,) bool.

    Returns:
        Which images stay, (k,) bool, and which lesions stay, (m,) bool.
    """
    images, lesion_images = np.asarray(images), np.asarray(lesion_images)
    keep = ~np.asarray(noisy, dtype=bool)
    had_some = np.isin(images, lesion_images)
    has_some = np.isin(images, lesion_images[keep])
    return has_some | ~had_some, keep


def check_iou_thr(value: float, name: str = 'iou_thr') -> None:
    """Raise ValueError unless the threshold lies in (0, 1]."""
    if not 0 < value <= 1:
        raise ValueError(f'`{name}` must lie in (0, 1], but got {value}.')


def _rank(scores: Floats, tiers: ArrayLike | None) -> tuple[Ints, int]:
    """The step of each row, (n,) int64, and the number of steps."""
    order = descending_order(scores)
    if tiers is not None:
        tiers = check_ids(tiers, len(scores), 'det_tiers')
        order = order[np.argsort(tiers[order], kind='stable')]
    changes = _changes(scores[order])
    if tiers is not None:
        changes |= _changes(tiers[order])
    steps = np.zeros(len(scores), dtype=np.int64)
    steps[order[1:]] = np.cumsum(changes)
    return steps, int(steps[order[-1]]) + 1 if len(order) else 0


def _changes(values: Numbers) -> Bools:
    """Whether each value differs from its predecessor, (n - 1,) bool."""
    differs: Bools = values[1:] != values[:-1]
    return differs


def _pairs(
    first: Ints, second: Ints, num_images: int
) -> Iterator[tuple[Ints, Ints]]:
    """Pairs of rows of `first` and `second` in the same image, in blocks.

    Args:
        first: Image of each row, (n,) int, indices below `num_images`.
        second: Image of each row, (m,) int.
        num_images: The number of images.
    """
    by_image = np.argsort(second, kind='stable')
    per_image = np.bincount(second, minlength=num_images)
    offsets = np.cumsum(per_image) - per_image
    counts = per_image[first]
    ends = np.cumsum(counts)
    start, done = 0, 0
    while start < len(first):
        # As many rows as fit, but at least one.
        stop = int(np.searchsorted(ends, done + BLOCK, side='right'))
        stop = max(stop, start + 1)
        block = counts[start:stop]
        rows = np.repeat(np.arange(start, stop), block)
        begins = offsets[first[start:stop]] - (ends[start:stop] - block - done)
        others = np.repeat(begins, block) + np.arange(len(rows))
        yield rows, by_image[others]
        start, done = stop, int(ends[stop - 1])
