"""Conversion between the two frames of pixel coordinates.

In our JSON files and in all of `functional` the centre of the first pixel is
0 (in DeepLesion's CSV it is 1). In mmdet and in DICOM's spatial coordinates
(PS3.3, C.18.6) the outer edge of the first pixel is 0, so every coordinate is
0.5 px larger.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Floats

EDGE_SHIFT_PX = 0.5


def to_detector(xy: ArrayLike) -> Floats:
    """Convert points or boxes from the frame of the JSON to mmdet's frame.

    Args:
        xy: Coordinates in px of any shape: points `x y`, boxes `x1 y1 x2 y2`
            or flat polygons; not widths and heights, which have no frame.

    Returns:
        The same shape, float64, px.
    """
    return np.asarray(xy, dtype=np.float64) + EDGE_SHIFT_PX


def from_detector(xy: ArrayLike) -> Floats:
    """Convert from mmdet's frame to that of the JSON; see `to_detector`."""
    return np.asarray(xy, dtype=np.float64) - EDGE_SHIFT_PX
