"""Boxes of other tissue for each lesion: where and how they are drawn."""

from __future__ import annotations

import os.path as osp
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mmuldor.functional.arrays import Bools, Floats
from mmuldor.functional.boxes import pairwise_iod, xywh_to_xyxy

NUM_NEGATIVES = 10
# Skin, muscle and fat are above; lung is filled in as a hole of the body.
_BODY_HU = -300
# Cuts off the table, which touches the skin along a line.
_OPENING_PX = 5
# No other tissue within this of a lesion, in its slice or along the series.
_AWAY_MM = 10.0


@dataclass(frozen=True, eq=False)
class Sample:
    """A lesion, or a box of other tissue of its size.

    Attributes:
        image: Position of its image in the document.
        patient: Its patient.
        box_px: x1 y1 x2 y2, (4,) source pixels, centres at integers.
        is_lesion: Which of both.
    """

    image: int
    patient: int
    box_px: Floats
    is_lesion: bool


def body_mask(hu: np.ndarray) -> Bools:
    """The body in a slice, lungs and bowel gas included.

    Args:
        hu: (H, W) HU.

    Returns:
        (H, W) bool: the largest piece above -300 HU, its holes filled.
    """
    tissue = ndimage.binary_opening(hu > _BODY_HU, iterations=_OPENING_PX)
    pieces, count = ndimage.label(tissue)
    if not count:
        return np.zeros(hu.shape, dtype=bool)
    sizes = np.bincount(pieces.ravel())[1:]
    return ndimage.binary_fill_holes(pieces == 1 + sizes.argmax())


def draw_boxes(
    body: Bools,
    size_px: np.ndarray,
    lesions: Floats,
    away_px: float,
    rng: np.random.Generator,
    count: int = NUM_NEGATIVES,
) -> Floats:
    """Random boxes wholly inside the body and away from lesions.

    Args:
        body: (H, W) bool.
        size_px: Width and height, x2 - x1 and y2 - y1.
        lesions: Boxes that must be at least `away_px` away along x or y,
            (m, 4).
        away_px: See there.
        rng: Draws the places.
        count: Number of boxes; they may overlap one another.

    Returns:
        (count, 4) x1 y1 x2 y2, pixel centres at integers.

    Raises:
        ValueError: If there is no place.
    """
    width, height = np.ceil(size_px).astype(int) + 1
    # Sum of the body over each box of whole pixels, by its first pixel.
    total = np.pad(body.astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = (
        total[height:, width:]
        - total[:-height, width:]
        - total[height:, :-width]
        + total[:-height, :-width]
    )
    top, left = np.nonzero(inside == width * height)
    corners = np.stack([left, top], axis=1).astype(np.float64)
    boxes = np.hstack([corners, corners + size_px])
    grown = lesions + away_px * np.array([-1, -1, 1, 1])
    free = boxes[~(pairwise_iod(boxes, grown) > 0).any(axis=1)]
    if not len(free):
        raise ValueError(
            f'the slice must have a place of {width} x {height} px in the '
            'body and away from lesions, but has none.'
        )
    return free[rng.choice(len(free), count, replace=len(free) < count)]


def draw_samples(
    document: dict, slices: list[np.ndarray], seed: int = 0
) -> list[Sample]:
    """Every lesion, and `NUM_NEGATIVES` boxes of other tissue for each.

    Args:
        document: Annotations, from `key_slices`.
        slices: The key slice of each image, (H, W) HU.
        seed: Of the places.
    """
    rng, samples = np.random.default_rng(seed), []
    for index, image in enumerate(document['images']):
        boxes = _boxes_of(document, image['id'])
        body = body_mask(slices[index])
        near = _near(document, image)
        away = _AWAY_MM / min(image['spacing_mm'])
        for box in boxes:
            others = draw_boxes(body, box[2:] - box[:2], near, away, rng)
            samples.append(Sample(index, image['patient'], box, True))
            samples += [
                Sample(index, image['patient'], other, False)
                for other in others
            ]
    return samples


def _boxes_of(document: dict, image_id: int) -> Floats:
    return xywh_to_xyxy(
        [
            lesion['bbox']
            for lesion in document['annotations']
            if lesion['image_id'] == image_id
        ]
    )


def _near(document: dict, image: dict) -> Floats:
    """Boxes of all lesions of the series within `_AWAY_MM` of a slice."""
    series, interval = osp.dirname(image['file_name']), 'slice_interval_mm'
    return np.concatenate(
        [
            _boxes_of(document, other['id'])
            for other in document['images']
            if osp.dirname(other['file_name']) == series
            and abs(other['key_slice'] - image['key_slice']) * image[interval]
            <= _AWAY_MM
        ]
    )
