"""Hard negative example mining (HNEM): candidates and draw.

The rule is section 2.2 of ULDor (ISBI 2019). Where the paper is ambiguous,
functions take an argument.

S1 is a detection's score, its lesion probability. S2 is the IoU of its mask
with a lesion's pseudo mask, the maximum over the lesions of the image. E is
the set of candidates, m the maximum number of examples of an image, and i the
detection of the highest score among those that hit a lesion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats, Ints, Numbers


def select_hard_negatives(
    scores: ArrayLike,
    mask_ious: ArrayLike,
    *,
    eligible: ArrayLike | None = None,
    hit_iou: float = 0.3,
    min_score: float = 0.7,
    max_per_image: int = 3,
    rng: np.random.Generator,
) -> Ints:
    """Choose the hard negatives among the lesion detections of one image.

    Draws at most ``max_per_image`` of the candidates E. E is sorted by
    descending score before the draw (equal scores keep their order), so the
    result does not depend on the order of detections with different scores.

    Args:
        scores: (n,) S1, lesion probabilities.
        mask_ious: (n,) S2, the maximum IoU of the predicted mask with a
            pseudo mask of the image.
        eligible: (n,) bool, which detections may enter E. Detection i may be
            any detection. None means that all may enter.
        hit_iou: S2 above this is a hit (paper: 0.3).
        min_score: S1 above this is confident (paper: 0.7).
        max_per_image: m, the maximum number of examples (paper: 3).
        rng: Source of the draw, ``mining_rng(seed, epoch, image_id)``.

    Returns:
        Indices of detections, sorted by descending score, int64.

    Raises:
        ValueError: If shapes differ, a value is not finite, or
            ``max_per_image`` is negative.
    """
    candidates = negative_candidates(
        scores,
        mask_ious,
        eligible=eligible,
        hit_iou=hit_iou,
        min_score=min_score,
    )
    return candidates[draw_negatives(len(candidates), max_per_image, rng)]


def negative_candidates(
    scores: ArrayLike,
    mask_ious: ArrayLike,
    *,
    eligible: ArrayLike | None = None,
    hit_iou: float = 0.3,
    min_score: float = 0.7,
) -> Ints:
    """E, the detections of one image that may be mined.

    1. If detections have ``mask_ious > hit_iou``, i is the one of the highest
       score among them. E holds the detections whose score is higher than
       that of i.
    2. If none has, E holds the detections with ``scores > min_score``.

    The paper does not say which hit i is. With the highest-scoring hit, E
    never contains a hit.

    Args:
        scores: (n,) S1; see :func:`select_hard_negatives` for all arguments.
        mask_ious: (n,) S2.
        eligible: (n,) bool or None.
        hit_iou: S2 above this is a hit.
        min_score: S1 above this is confident.

    Returns:
        Indices of detections, sorted by descending score (equal scores keep
        their order), int64.

    Raises:
        TypeError: If ``eligible`` is not bool.
        ValueError: If shapes differ or a value is not finite.
    """
    scores = _vector('scores', scores, np.float64)
    count = len(scores)
    mask_ious = _vector('mask_ious', mask_ious, np.float64, count)
    if eligible is None:
        eligible = np.ones(count, dtype=bool)
    eligible = _vector('eligible', eligible, np.bool_, count)
    hits = mask_ious > hit_iou
    threshold = scores[hits].max() if hits.any() else min_score
    candidates = np.flatnonzero((scores > threshold) & eligible)
    order = np.argsort(-scores[candidates], kind='stable')
    return candidates[order]


def draw_negatives(
    count: int, max_per_image: int, rng: np.random.Generator
) -> Ints:
    """Draw at most m of an image's candidates.

    Args:
        count: Number of candidates.
        max_per_image: m.
        rng: Used only if there are more than m candidates.

    Returns:
        Indices of candidates in ascending order, int64.

    Raises:
        ValueError: If ``max_per_image`` is negative.
    """
    if max_per_image < 0:
        raise ValueError(
            f'`max_per_image` must not be negative, but got {max_per_image}.'
        )
    if count <= max_per_image:
        return np.arange(count)
    return np.sort(rng.choice(count, size=max_per_image, replace=False))


def _vector(
    name: str, values: ArrayLike, dtype: type, length: int | None = None
) -> Numbers:
    array = np.asarray(values)
    if dtype is np.bool_ and array.dtype != np.bool_:
        raise TypeError(f'`{name}` must be bool, but got {array.dtype}.')
    if array.ndim != 1 or length not in (None, len(array)):
        expected = '(n,)' if length is None else f'({length},)'
        raise ValueError(
            f'`{name}` must have shape {expected}, but got {array.shape}.'
        )
    array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise ValueError(f'`{name}` must be finite, but holds NaN or inf.')
    return array


def mining_rng(seed: int, epoch: int, image_id: int) -> np.random.Generator:
    """The random generator of one image's draw in one mining round.

    Its seed depends on these numbers alone and not on earlier draws, so the
    draw is the same after a resume and for any number of processes.
    """
    return np.random.default_rng((seed, epoch, image_id))


def eligible_boxes(
    ious: Floats,
    detection_overlaps: Floats | None = None,
    *,
    max_iou: float = 0.3,
    max_iod: float | None = None,
) -> Bools:
    """Which detections may be mined, by the overlap of boxes.

    Args:
        ious: (n, m) IoU of n detections with m lesions.
        detection_overlaps: (n, m) intersection over detection area (IoD);
            needed with ``max_iod``.
        max_iou: A detection with a higher IoU is not a negative.
        max_iod: A detection with a higher IoD is not a negative either: a
            small box inside a large lesion has a low IoU. None: no limit.

    Returns:
        (n,) bool.

    Raises:
        ValueError: If ``max_iod`` is given alone.
    """
    eligible: Bools = ~np.any(ious > max_iou, axis=1)
    if max_iod is not None:
        if detection_overlaps is None:
            raise ValueError('`max_iod` needs `detection_overlaps`.')
        eligible &= ~np.any(detection_overlaps > max_iod, axis=1)
    return eligible
