"""RECIST diameters of an outline, as RECIST defines them.

The long diameter is the longest line between two points of the outline, the
short one the longest chord perpendicular to it (Eisenhauer et al., RECIST
1.1, Eur. J. Cancer 2009; DeepLesion's radiologists place both by eye).
"""

from __future__ import annotations

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.recist import convex_hull


def recist_of_polygon(polygon: Floats) -> Floats:
    """The two diameters of a polygon.

    Args:
        polygon: (N, 2) vertices x, y in px, not closed; pixels are taken to
            be square.

    Returns:
        (4, 2) float64: the ends of the long, then of the short diameter. The
        short one lies inside the polygon.

    Raises:
        ValueError: If the shape is another or the polygon has no area.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(
            '`polygon` must have shape (N, 2) with N >= 3, but got '
            f'{points.shape}.'
        )
    ends = _longest(points)
    along = ends[1] - ends[0]
    length = float(np.hypot(*along))
    chord = _widest(points - ends[0], along / length) if length else None
    if chord is None:
        raise ValueError('`polygon` must have an area, but all points align.')
    return np.vstack([ends, ends[0] + chord])


def _longest(points: Floats) -> Floats:
    """(2, 2): the two points farthest apart."""
    hull = convex_hull(points)
    gaps = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    return hull[list(np.unravel_index(gaps.argmax(), gaps.shape))]


def _widest(points: Floats, axis: Floats) -> Floats | None:
    """(2, 2): the longest chord perpendicular to ``axis``, None without.

    Between two vertices a chord's length changes linearly, so it is longest
    right beside one.
    """
    normal = np.array([-axis[1], axis[0]])
    u, v = points @ axis, points @ normal
    beside = 1e-7 * np.ptp(u)
    cuts = np.unique(np.concatenate([u - beside, u + beside]))
    best, widest = None, 1e-9
    u2, v2 = np.roll(u, -1), np.roll(v, -1)
    for cut in cuts:
        crosses = (u < cut) != (u2 < cut)
        share = (cut - u[crosses]) / (u2[crosses] - u[crosses])
        at = np.sort(v[crosses] + share * (v2[crosses] - v[crosses]))
        # Inside between the first and the second crossing, and so on.
        widths = at[1::2] - at[::2]
        if widths.size and widths.max() > widest:
            place, widest = 2 * int(widths.argmax()), widths.max()
            best = cut * axis + at[place : place + 2, None] * normal
    return best
