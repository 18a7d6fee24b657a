"""Where in the slices of a CT volume there is anything but air."""

from __future__ import annotations

import numpy as np

from mmuldor.functional.arrays import Ints, Numbers
from mmuldor.functional.segmentation.body_box import AIR_HU

# Beyond each of the four sides of a box may lie this area. So of a scan of
# 600 mm at most 2.4 ml lie outside of all boxes: hot pixels, not a wire.
_IGNORED_MM2 = 1.0
# Slices of which the empty one is made: the median needs a few alone.
_SAMPLED = 9


def body_boxes(hu: Numbers, pixel_mm2: float) -> Ints:
    """The box of all that is denser than air, in each slice.

    Table and clothing count, too, unlike in `segmentation.body_box`: lesions
    must be those of whole slices, whatever a detector takes them for.

    Args:
        hu: (slices, rows, columns).
        pixel_mm2: Area of a pixel, mm2.

    Returns:
        `x1 y1 x2 y2` in px, the end exclusive, (slices, 4) int64; zeros for a
        slice of air alone.
    """
    ignored = int(_IGNORED_MM2 / pixel_mm2)
    boxes = np.zeros((len(hu), 4), dtype=np.int64)
    for box, plane in zip(boxes, hu, strict=True):
        dense = plane > AIR_HU
        y1, y2 = _span(np.count_nonzero(dense, axis=1), ignored)
        x1, x2 = _span(np.count_nonzero(dense, axis=0), ignored)
        if x1 < x2 and y1 < y2:
            box[:] = x1, y1, x2, y2
    return boxes


def _span(counts: Ints, ignored: int) -> tuple[int, int]:
    """First and last line of a body, the last exclusive.

    At most `ignored` pixels lie before the first and after the last one.
    """
    before = int(np.count_nonzero(counts.cumsum() <= ignored))
    after = int(np.count_nonzero(counts[::-1].cumsum() <= ignored))
    return before, len(counts) - after


def joint_box(boxes: Ints) -> Ints | None:
    """The box around boxes (n, 4), (4,); None if all are empty."""
    filled = boxes[boxes[:, 2] > boxes[:, 0]]
    if not len(filled):
        return None
    low, high = filled[:, :2].min(axis=0), filled[:, 2:].max(axis=0)
    return np.concatenate([low, high])


def empty_slice(hu: Numbers) -> Numbers:
    """A slice as the scanner shows it without a body.

    Each pixel has the median of some slices where that is air, so that the
    value beyond the field of view stays; elsewhere the median of all air.

    Args:
        hu: (slices, rows, columns).

    Returns:
        (rows, columns) of the dtype of `hu`.
    """
    step = max(len(hu) // _SAMPLED, 1)
    plane = np.median(hu[step // 2 :: step], axis=0).astype(hu.dtype)
    air = plane <= AIR_HU
    plane[~air] = np.median(plane[air]) if air.any() else -1000
    return plane
