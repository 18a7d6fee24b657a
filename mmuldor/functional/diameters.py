"""RECIST diameters of an outline, as RECIST 1.1 defines them.

The long diameter is the longest line between two points of the outline. The
short diameter is the longest chord perpendicular to it (Eisenhauer et al.,
Eur. J. Cancer 2009). DeepLesion's radiologists placed both by eye.
"""

from __future__ import annotations

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.recist import convex_hull


def recist_of_polygon(polygon: Floats) -> Floats:
    """Endpoints of the long and the short diameter of a polygon.

    Args:
        polygon: (N, 2) vertices x, y in px, not closed; pixels must be
            square.

    Returns:
        (4, 2) float64 in px: the ends of the long, then of the short
        diameter. The short diameter lies inside the polygon.

    Raises:
        ValueError: If the shape is not (N, 2) with N >= 3, or the polygon has
            no area.
    """
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(
            '`polygon` must have shape (N, 2) with N >= 3, but got '
            f'{points.shape}.'
        )
    ends = _farthest_points(points)
    along = ends[1] - ends[0]
    length = float(np.hypot(*along))
    chord = (
        _longest_chord(points - ends[0], along / length) if length else None
    )
    if chord is None:
        raise ValueError('`polygon` must have an area, but all points align.')
    return np.vstack([ends, ends[0] + chord])


def _farthest_points(points: Floats) -> Floats:
    """The two points that are farthest apart, (2, 2)."""
    hull = convex_hull(points)
    gaps = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    return hull[list(np.unravel_index(gaps.argmax(), gaps.shape))]


def _longest_chord(points: Floats, axis: Floats) -> Floats | None:
    """The longest chord perpendicular to ``axis``, (2, 2), or None.

    Between two vertices the length of a chord is linear in its position, so
    the maximum lies at a vertex. Chords just before and just after each
    vertex are compared, since the chord at a vertex itself is ambiguous.
    """
    normal = np.array([-axis[1], axis[0]])
    u, v = points @ axis, points @ normal
    # Far below the spacing of vertices, far above the rounding of float64.
    step = 1e-7 * np.ptp(u)
    cuts = np.unique(np.concatenate([u - step, u + step]))
    # Chords of 1e-9 px or less are rounding errors of points on one line.
    best, longest = None, 1e-9
    u2, v2 = np.roll(u, -1), np.roll(v, -1)
    for cut in cuts:
        crosses = (u < cut) != (u2 < cut)
        share = (cut - u[crosses]) / (u2[crosses] - u[crosses])
        at = np.sort(v[crosses] + share * (v2[crosses] - v[crosses]))
        # The polygon is between crossings 0 and 1, 2 and 3, and so on.
        lengths = at[1::2] - at[::2]
        if lengths.size and lengths.max() > longest:
            first, longest = 2 * int(lengths.argmax()), lengths.max()
            best = cut * axis + at[first : first + 2, None] * normal
    return best
