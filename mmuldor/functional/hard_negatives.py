"""Hard negative example mining (HNEM): candidates and draw.

The rule is section 2.2 of ULDor (ISBI 2019); what the paper leaves open is
an argument here.
"""

from __future__ import annotations

import numpy as np


def select_hard_negatives(
    scores: np.ndarray,
    mask_ious: np.ndarray,
    *,
    eligible: np.ndarray | None = None,
    hit_iou: float = 0.3,
    min_score: float = 0.7,
    max_per_image: int = 3,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose the hard negatives among one image's lesion detections.

    The candidates E of :func:`negative_candidates`, and at most
    ``max_per_image`` of them by :func:`draw_negatives`. The draw is made over
    E in order of falling score (equal scores in the order given), so it does
    not depend on the order of detections with different scores.

    Args:
        scores: (n,) lesion probabilities S1.
        mask_ious: (n,) S2, IoU of the predicted mask with the pseudo mask,
            the best over the image's lesions.
        eligible: (n,) bool, which detections may enter E; i is looked for
            among all. None means all.
        hit_iou: S2 above this is a hit (paper: 0.3).
        min_score: S1 above this is confident (paper: 0.7).
        max_per_image: m, the maximum number of examples (paper: 3).
        rng: Source of the draw, ``mining_rng(seed, epoch, image_id)``.

    Returns:
        Indices into the detections, in order of falling score, int64.

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
    scores: np.ndarray,
    mask_ious: np.ndarray,
    *,
    eligible: np.ndarray | None = None,
    hit_iou: float = 0.3,
    min_score: float = 0.7,
) -> np.ndarray:
    """E, the detections of one image that may be mined.

    1. If some detection has ``mask_ious > hit_iou``, i is the one with the
       highest score among them, and E holds the detections whose score is
       higher than that of i.
    2. If none has, E holds the detections with ``scores > min_score``.

    The paper leaves i open; with the highest-scoring hit E never contains
    another hit.

    Args:
        scores: As for :func:`select_hard_negatives`, like all others.
        mask_ious: (n,) S2.
        eligible: (n,) bool or None.
        hit_iou: S2 above this is a hit.
        min_score: S1 above this is confident.

    Returns:
        Indices into the detections, in order of falling score (equal scores
        in the order given), int64.

    Raises:
        TypeError: If ``eligible`` is not bool.
        ValueError: If shapes differ or a value is not finite.
    """
    scores = _vector('scores', scores, np.float64)
    mask_ious = _vector('mask_ious', mask_ious, np.float64, len(scores))
    if eligible is None:
        eligible = np.ones(len(scores), dtype=bool)
    eligible = _vector('eligible', eligible, np.bool_, len(scores))
    hits = mask_ious > hit_iou
    threshold = scores[hits].max() if hits.any() else min_score
    candidates = np.flatnonzero((scores > threshold) & eligible)
    order = np.argsort(-scores[candidates], kind='stable')
    return candidates[order]


def draw_negatives(
    count: int, max_per_image: int, rng: np.random.Generator
) -> np.ndarray:
    """Which of an image's candidates are taken: all, or m at random.

    Args:
        count: Number of candidates.
        max_per_image: m.
        rng: Asked only where there are more than m.

    Returns:
        Rising numbers of candidates, int64.

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
    name: str, values: np.ndarray, dtype: type, length: int | None = None
) -> np.ndarray:
    array = np.asarray(values)
    if dtype is np.bool_ and array.dtype != np.bool_:
        raise TypeError(f'`{name}` must be bool, but got {array.dtype}.')
    if array.ndim != 1 or length not in (None, len(array)):
        wanted = '(n,)' if length is None else f'({length},)'
        raise ValueError(
            f'`{name}` must have shape {wanted}, but got {array.shape}.'
        )
    array = array.astype(dtype)
    if not np.isfinite(array).all():
        raise ValueError(f'`{name}` must be finite, but holds NaN or inf.')
    return array


def mining_rng(seed: int, epoch: int, image_id: int) -> np.random.Generator:
    """The generator of one image's draw in one round.

    Seeded from what the draw is about and not from where a generator stood,
    so that it repeats after a resume and for any number of processes.
    """
    return np.random.default_rng((seed, epoch, image_id))


def eligible_boxes(
    ious: np.ndarray,
    detection_overlaps: np.ndarray | None = None,
    *,
    max_iou: float = 0.3,
    max_iod: float | None = None,
) -> np.ndarray:
    """Which detections may be mined, judged by their boxes.

    Args:
        ious: (n, m) IoU of the detections' boxes with the lesions' boxes.
        detection_overlaps: (n, m) intersection over the detection's area;
            needed with ``max_iod``.
        max_iou: A box that overlaps a lesion by more is not a negative.
        max_iod: If given, a box of which more than this lies on a lesion is
            not one either (a small box well inside a large lesion).

    Returns:
        (n,) bool.
    """
    eligible = ~(ious > max_iou).any(axis=1)
    if max_iod is not None:
        eligible &= ~(detection_overlaps > max_iod).any(axis=1)
    return eligible
