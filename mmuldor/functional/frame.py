"""The two frames of pixel coordinates, and the way from one to the other.

Files, results and all of `functional` count from the centre of the first
pixel, as DeepLesion's CSV does (from 1 there). mmdet counts from the pixel's
outer edge: that is half a pixel more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats

EDGE_SHIFT_PX = 0.5


def to_detector(xy: ArrayLike) -> Floats:
    """Points or boxes of a file as mmdet counts them.

    Args:
        xy: Coordinates in px of any shape: points `x y`, boxes `x1 y1 x2 y2`,
            flat polygons. No widths and heights, which have no frame.

    Returns:
        The same shape, float64.
    """
    return np.asarray(xy, dtype=np.float64) + EDGE_SHIFT_PX


def from_detector(xy: ArrayLike) -> Floats:
    """Points or boxes of mmdet as files count them, see `to_detector`."""
    return np.asarray(xy, dtype=np.float64) - EDGE_SHIFT_PX
