"""One image's examples of a mining round."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Generator,
    Sequence,
)

import numpy as np

from mmuldor.classes import LESION
from mmuldor.functional.boxes import as_boxes, pairwise_iod, pairwise_iou
from mmuldor.functional.frame import from_detector
from mmuldor.functional.hard_negatives import eligible_boxes
from mmuldor.functional.masks import mask_ious, mask_polygons, rasterize
from mmuldor.functional.recist import MASK_SHAPES
from mmuldor.mining.protocols import FoundDetections
from mmuldor.mining.rule import MiningRule

# A call for one mask costs about as much as four masks more.
_MASKS_AT_FIRST = 4


# Asks for masks of candidates by index, is sent them, and returns a scan.
Scan = Generator[Sequence[int], np.ndarray, dict]


def mine_image(
    found: FoundDetections,
    info: dict,
    shape: str,
    rule: MiningRule,
    epoch: int,
    excluded_boxes: np.ndarray,
) -> Scan:
    """Choose one image's examples.

    A generator, so that the masks of several images can be computed together:
    it yields indices of candidates whose masks it needs, and is sent them,
    (n, H, W) bool in source px.

    Args:
        found: The image's candidates.
        info: The data set's item: ``img_id``, ``instances``.
        shape: Shape of the pseudo masks.
        rule: The rule.
        epoch: Epoch after which this round comes, -1 before training.
        excluded_boxes: Boxes ``x1 y1 x2 y2`` that must not be mined, (n, 4).

    Returns:
        ``examples``: the chosen ones, or all of E where :func:`mark_spared` is
        to come; ``hit_score``: score of the best hit, or None; ``skipped``:
        candidates on annotated lesions; ``excluded``: those on excluded boxes.
    """
    lesions = [i for i in info['instances'] if i['bbox_label'] == LESION]
    references = [
        _pseudo_mask(lesion, shape, found.size) for lesion in lesions
    ]
    overlaps = yield from _mask_ious(found, references, rule)
    candidates = rule.candidates(found, overlaps)
    boxes = found.boxes[candidates]
    eligible = _eligible(boxes, lesions, rule)
    excluded = largest_iou(boxes, excluded_boxes) > rule.max_iou
    chosen = candidates[eligible & ~excluded]
    if rule.spare_quantile is None:
        scores = found.scores[chosen]
        chosen = chosen[rule.draw(scores, epoch, info['img_id'])]
    masks = (yield chosen) if len(chosen) else []
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
) -> Generator[Sequence[int], np.ndarray, np.ndarray]:
    """S2 of detections down to the best hit and a few more; 0 below, (n,).

    Most rules ask for nothing below the best hit, so masks are computed from
    the highest score on, some at a time and then twice as many, until one
    hits.
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


def scan_together(
    scans: Sequence[Scan],
    masks_of: Callable[[list[Sequence[int]]], list[np.ndarray]],
) -> list[dict]:
    """Run the scans of a batch side by side, their masks in common passes.

    Args:
        scans: From :func:`mine_image`, one an image.
        masks_of: Masks of the candidates that each image asks for.

    Returns:
        What each scan returns, in their order.
    """
    results: list[dict] = [{}] * len(scans)
    sent: list[np.ndarray | None] = [None] * len(scans)
    running = set(range(len(scans)))
    while running:
        asked: list[Sequence[int]] = [()] * len(scans)
        for number in sorted(running):
            try:
                asked[number] = scans[number].send(sent[number])
            except StopIteration as end:
                results[number] = end.value
                running.discard(number)
        if running:
            sent = masks_of(asked)
    return results


def _pseudo_mask(lesion, shape, size):
    recist = from_detector(lesion['recist_px']).reshape(4, 2)
    return rasterize(MASK_SHAPES[shape](recist), *size)


def _eligible(boxes, lesions, rule):
    annotated = from_detector(as_boxes([i['bbox'] for i in lesions]))
    return eligible_boxes(
        pairwise_iou(boxes, annotated, inclusive=False),
        pairwise_iod(boxes, annotated, inclusive=False),
        max_iou=rule.max_iou,
        max_iod=rule.max_iod,
    )


def largest_iou(boxes, others):
    """The largest IoU of each box with any of the others, (n,)."""
    overlaps = pairwise_iou(boxes, others, inclusive=False)
    return overlaps.max(axis=1, initial=0.0)


def _example(box, score, overlap, mask):
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
        'mask_iou': float(overlap),
        'polygons': [polygon.reshape(-1).tolist() for polygon in polygons],
    }
