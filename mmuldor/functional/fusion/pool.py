"""Detections of several detectors on many images, in one table.

The methods go through the detections of an image one after another, by
descending score. To be fast, they take one step on many images at a time:
`Block` holds images with about equally many detections side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import (
    Bools,
    Floats,
    Ints,
    check_ids,
    check_scores,
)
from mmuldor.functional.boxes import check_boxes

# Detections of a block, so that its arrays stay in the cache.
BLOCK = 1 << 14


@dataclass(frozen=True, eq=False)
class Pool:
    """Detections of all detectors; rows are in any order.

    Attributes:
        boxes: `x1 y1 x2 y2`, px, all in one frame, (n, 4) float64.
        scores: Scores times the weight of the detector, (n,) float64.
        detectors: Which detector found it, from 0, (n,) int64.
        units: What is fused by itself, such as a category of an image,
            (n,) int64.
    """

    boxes: Floats
    scores: Floats
    detectors: Ints
    units: Ints

    @classmethod
    def of(
        cls,
        boxes: ArrayLike,
        scores: ArrayLike,
        detectors: ArrayLike,
        units: ArrayLike,
    ) -> Pool:
        """Check the columns.

        Raises:
            TypeError: If they are not numbers, or ids not integers.
            ValueError: If lengths differ, or a box, score or id is invalid.
        """
        boxes = check_boxes(boxes)
        count = len(boxes)
        scores = check_scores(scores, count, 'scores')
        if scores.min(initial=0) < 0:
            row = int(scores.argmin())
            raise ValueError(
                f'`scores` must be 0 or more, but score {row} is '
                f'{scores[row]:g}.'
            )
        return cls(
            boxes,
            scores,
            check_ids(detectors, count, 'detectors'),
            check_ids(units, count, 'units'),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def blocks(self) -> Iterator[Block]:
        """Blocks of units, those with the most detections first."""
        if not len(self):
            return
        order = np.lexsort((-self.scores, self.units))
        _, starts, counts = np.unique(
            self.units[order], return_index=True, return_counts=True
        )
        largest = np.argsort(-counts, kind='stable')
        starts, counts = starts[largest], counts[largest]
        first = 0
        while first < len(starts):
            size = int(counts[first])
            stop = first + max(BLOCK // size, 1)
            place = starts[first:stop, None] + np.arange(size)
            valid = np.arange(size) < counts[first:stop, None]
            # A place without a detection repeats the unit's first.
            rows = order[np.where(valid, place, starts[first:stop, None])]
            yield Block(
                rows,
                valid,
                self.boxes[rows],
                np.where(valid, self.scores[rows], 0),
                np.where(valid, self.detectors[rows], -1),
            )
            first = stop


@dataclass(frozen=True, eq=False)
class Block:
    """Detections of k units, each by descending score, up to c of them.

    Equal scores keep the order of the pool. Units have fewer detections the
    later they come.

    Attributes:
        rows: Row of the pool, (k, c) int64.
        valid: Whether the unit has so many detections, (k, c) bool.
        boxes: (k, c, 4) float64.
        scores: (k, c) float64, 0 where there is no detection.
        detectors: (k, c) int64, -1 where there is no detection.
    """

    rows: Ints
    valid: Bools
    boxes: Floats
    scores: Floats
    detectors: Ints
