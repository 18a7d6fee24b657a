"""One image's examples of a mining round."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Generator,
    Sequence,
)
from typing import Any

import numpy as np

from mmuldor.classes import LESION
from mmuldor.functional.boxes import as_boxes, pairwise_iod, pairwise_iou
from mmuldor.functional.frame import from_detector
from mmuldor.functional.hard_negatives import eligible_boxes
from mmuldor.functional.masks import mask_ious, mask_polygons
from mmuldor.functional.recist import PseudoMask
from mmuldor.mining.lesion_masks import lesion_mask
from mmuldor.mining.protocols import FoundDetections
from mmuldor.mining.rule import MiningRule

# As in an evaluation (hits at IoU 0.5) and in assigners (`ignore_iof_thr`).
_SHARE_IN_CROWD = 0.5
# A pass of the mask head for one mask costs as much as four masks more.
_MASKS_AT_FIRST = 4


# Yields indices of candidates, is sent their masks, and returns the mined
# examples of the image.
MiningStep = Generator[np.ndarray, Any, dict]


def mine_image(
    found: FoundDetections,
    info: dict,
    pseudo_mask: PseudoMask | str,
    rule: MiningRule,
    epoch: int,
    excluded_boxes: np.ndarray,
) -> MiningStep:
    """Choose one image's examples.

    A generator, so that the masks of several images can be computed together:
    it yields indices of candidates whose masks it needs, and is sent them,
    (n, H, W) bool in source px.

    Args:
        found: The image's candidates.
        info: The dataset's item: ``img_id``, ``instances``.
        pseudo_mask: How the training's pseudo masks are drawn, or their
            shape, a key of ``MASK_SHAPES``.
        rule: The rule.
        epoch: Epoch that this round follows, -1 before training.
        excluded_boxes: Boxes ``x1 y1 x2 y2`` that must not be mined, (n, 4).

    Returns:
        ``examples``: the chosen ones, or all of E if
        :func:`mmuldor.mining.ignored.mark_ignored` draws later; ``hit_score``:
        score of the best hit, or None; ``skipped``: candidates on annotated
        lesions or in ignored regions; ``excluded``: those on excluded boxes.
    """
    annotated = [i for i in info['instances'] if i['bbox_label'] == LESION]
    lesions = [i for i in annotated if not i.get('crowd', False)]
    crowds = [i for i in annotated if i.get('crowd', False)]
    references = [
        _pseudo_mask(lesion, PseudoMask.of(pseudo_mask), found.size)
        for lesion in lesions
    ]
    overlaps = yield from _mask_ious(found, references, rule)
    candidates = rule.candidates(found, overlaps)
    boxes = found.boxes[candidates]
    eligible = _eligible(boxes, lesions, rule)
    eligible &= ~_in_crowds(boxes, crowds)
    excluded = largest_iou(boxes, excluded_boxes) > rule.max_iou
    chosen = candidates[eligible & ~excluded]
    if rule.spare_quantile is None:
        scores = found.scores[chosen]
        chosen = chosen[rule.draw(scores, epoch, info['img_id'])]
    masks: Any = (yield chosen) if len(chosen) else []
    hits = found.scores[overlaps > rule.hit_iou]
    return {
        'examples': [
            _example(found.boxes[i], found.scores[i], overlaps[i], mask)
            for i, mask in zip(chosen, masks, strict=True)
        ],
        'hit_score': float(hits.max()) if len(hits) else None,
        'skipped': int((~eligible).sum()),
        'excluded': int((eligible & excluded).sum()),
    }


def _mask_ious(
    found: FoundDetections, references: list[np.ndarray], rule: MiningRule
) -> Generator[np.ndarray, Any, np.ndarray]:
    """S2 of detections down to the best hit and a few more; 0 below, (n,).

    Most rules need no S2 below the best hit, so masks are computed in order of
    descending score, some at first and then twice as many, until one hits.
    """
    overlaps = np.zeros(len(found.boxes))
    near = np.flatnonzero(found.touching(references))
    number = _MASKS_AT_FIRST
    while len(near):
        some, near = near[:number], near[number:]
        number *= 2
        overlaps[some] = mask_ious((yield some), references).max(axis=1)
        hit = (overlaps[some] > rule.hit_iou).any()
        if hit and not rule.every_mask_iou:
            break
    return overlaps


def mine_together(
    steps: Sequence[MiningStep],
    masks_of: Callable[[list[np.ndarray]], Sequence[np.ndarray]],
) -> list[dict]:
    """Mine the images of a batch side by side, their masks in common passes.

    Args:
        steps: From :func:`mine_image`, one an image.
        masks_of: Masks (n, H, W) of the requested candidates of each image.

    Returns:
        The mined examples of each image, in their order.
    """
    mined: list[dict] = [{}] * len(steps)
    masks: Sequence[np.ndarray | None] = [None] * len(steps)
    running = set(range(len(steps)))
    while running:
        requested = [np.empty(0, dtype=np.int64)] * len(steps)
        for number in sorted(running):
            try:
                requested[number] = steps[number].send(masks[number])
            except StopIteration as end:
                mined[number] = end.value
                running.discard(number)
        if running:
            masks = masks_of(requested)
    return mined


def _pseudo_mask(
    lesion: dict, pseudo_mask: PseudoMask, size: tuple[int, int]
) -> np.ndarray:
    own = {**lesion, 'recist_px': from_detector(lesion['recist_px'])}
    return lesion_mask(own, pseudo_mask, size)


def _eligible(
    boxes: np.ndarray, lesions: list[dict], rule: MiningRule
) -> np.ndarray:
    annotated = from_detector(as_boxes([i['bbox'] for i in lesions]))
    return eligible_boxes(
        pairwise_iou(boxes, annotated, inclusive=False),
        pairwise_iod(boxes, annotated, inclusive=False),
        max_iou=rule.max_iou,
        max_iod=rule.max_iod,
    )


def _in_crowds(boxes: np.ndarray, crowds: list[dict]) -> np.ndarray:
    """Which boxes lie in ignored regions, (n,) bool.

    By the share of their own area, as COCO matches crowds, whatever the rule
    says of lesions: what FROC would not count as false is not mined.
    """
    regions = from_detector(as_boxes([i['bbox'] for i in crowds]))
    shares = pairwise_iod(boxes, regions, inclusive=False)
    return shares.max(axis=1, initial=0.0) >= _SHARE_IN_CROWD


def largest_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The largest IoU of each box with any of the others, (n,)."""
    overlaps = pairwise_iou(boxes, others, inclusive=False)
    return overlaps.max(axis=1, initial=0.0)


def _example(
    box: np.ndarray, score: float, mask_iou: float, mask: np.ndarray
) -> dict:
    x1, y1, x2, y2 = box
    polygons = mask_polygons(mask)
    if not polygons:
        # No pixel above the threshold: keep the one under the box's centre.
        centre = np.rint([(x1 + x2) / 2, (y1 + y2) / 2])
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        polygons = [centre + corners * 0.375]
    return {
        'bbox': [round(float(v), 4) for v in (x1, y1, x2 - x1, y2 - y1)],
        'score': float(score),
        'mask_iou': float(mask_iou),
        'polygons': [polygon.reshape(-1).tolist() for polygon in polygons],
    }
