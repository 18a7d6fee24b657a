"""RECIST diameters: their endpoints, and those of an outline.

All coordinates are in pixels. Endpoints are ``(4, 2)`` arrays of x, y: the
two ends of one diameter, then the two ends of the other.

Diameters of an outline are those of RECIST 1.1: the long diameter is the
longest line between two points of the outline, the short one the longest
chord perpendicular to it (Eisenhauer et al., Eur. J. Cancer 2009).
DeepLesion's radiologists placed both by eye.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats

# Diameters that miss each other by more than this have no crossing point.
MAX_GAP_PX = 1.0
# Bounds of DeepLesion's three sizes, by the longer diameter: below 10 mm, up
# to 30 mm, and above (3DCE, Yan et al., MICCAI 2018).
SIZES_MM = (10.0, 30.0)


def check_endpoints(endpoints_px: Floats) -> Floats:
    """Return the endpoints as float64, (4, 2) or (n, 4, 2) like the input.

    Raises:
        ValueError: If the shape is neither, a coordinate is not finite, a
            diameter has length 0 or all endpoints of a lesion lie on one
            line; the message names the first such lesion.
    """
    points = np.asarray(endpoints_px, dtype=np.float64)
    if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
        raise ValueError(
            '`endpoints_px` must have shape (4, 2): both ends of one '
            'diameter, then of the other, or (n, 4, 2), but got shape '
            f'{points.shape}.'
        )
    arms = points[..., 1:, :] - points[..., :1, :]
    area = arms[..., :1, 0] * arms[..., 1:, 1]
    area = area - arms[..., :1, 1] * arms[..., 1:, 0]
    with_length = points[..., ::2, :] != points[..., 1::2, :]
    # NaN != 0 is true, so finite values are checked too. The area may
    # overflow to infinity where the coordinates are finite.
    valid = (area != 0).any(-1) & with_length.any(-1).all(-1)
    valid &= np.isfinite(area).all(-1) & np.isfinite(points).all((-1, -2))
    if not valid.all():
        index = int(np.argmin(valid))
        _refuse(points.reshape(-1, 4, 2)[index], index, points.ndim == 3)
    return points


def _refuse(points: Floats, index: int, of_many: bool) -> None:
    """Raise ValueError with the reason why endpoints (4, 2) are invalid."""
    where = f' of lesion {index}' if of_many else ''
    if not np.isfinite(points).all():
        raise ValueError(
            f'`endpoints_px`{where} must be finite, but got {points.tolist()}.'
        )
    for first in (0, 2):
        if np.array_equal(points[first], points[first + 1]):
            raise ValueError(
                f'a diameter{where} must have a length, but both ends are '
                f'{points[first].tolist()}.'
            )
    raise ValueError(
        f'the diameters{where} must span an area, but all endpoints lie on '
        f'one line: {points.tolist()}.'
    )


def diameters(endpoints_px: Floats) -> tuple[float, float]:
    """Lengths of the long and of the short diameter, in the endpoints' unit.

    Raises:
        ValueError: As for :func:`check_endpoints`.
    """
    points = check_endpoints(endpoints_px)
    first = float(np.hypot(*(points[1] - points[0])))
    second = float(np.hypot(*(points[3] - points[2])))
    return max(first, second), min(first, second)


def long_diameters_mm(recist_px: ArrayLike, spacing_mm: ArrayLike) -> Floats:
    """The longer diameter of lesions.

    Args:
        recist_px: Endpoints, x y of four, (m, 8) or (m, 4, 2).
        spacing_mm: Pixel size x y, (m, 2) or (2,).

    Returns:
        (m,) float64 in mm.
    """
    pixel = np.asarray(spacing_mm, dtype=np.float64).reshape(-1, 1, 2)
    points = np.reshape(recist_px, (-1, 4, 2)) * pixel
    ends = points[:, 1::2] - points[:, ::2]
    longer: Floats = np.linalg.norm(ends, axis=2).max(axis=1)
    return longer


def by_size(long_mm: Floats) -> dict[str, Bools]:
    """Masks (m,) of the three sizes by their names."""
    low, high = SIZES_MM
    return {
        f'< {low:g} mm': long_mm < low,
        f'{low:g}-{high:g} mm': (long_mm >= low) & (long_mm <= high),
        f'> {high:g} mm': long_mm > high,
    }


def closest_points(endpoints_px: Floats) -> tuple[Floats, Floats]:
    """The closest points of two diameters.

    Where the diameters cross, both are the crossing point (up to rounding).
    Method: C. Ericson, *Real-Time Collision Detection*, section 5.1.9.

    Args:
        endpoints_px: (4, 2) endpoints, or (n, 4, 2) of several lesions.

    Returns:
        A point on the first and a point on the second diameter, (2,) or
        (n, 2) float64 each, px.

    Raises:
        ValueError: As for :func:`check_endpoints`.
    """
    points = check_endpoints(endpoints_px)
    a, c = points[..., 0, :], points[..., 2, :]
    u, v, w = points[..., 1, :] - a, points[..., 3, :] - c, a - c
    uu, vv, uv, uw, vw = map(_dot, (u, v, u, u, v), (u, v, v, w, w))
    determinant = uu * vv - uv * uv
    parallel = determinant <= 1e-12 * uu * vv
    s = np.clip(
        (uv * vw - uw * vv) / np.where(parallel, 1.0, determinant), 0, 1
    )
    s = np.where(parallel, 0.0, s)
    t = (uv * s + vw) / vv
    inside = (t >= 0) & (t <= 1)
    t = np.clip(t, 0, 1)
    s = np.where(inside, s, np.clip((uv * t - uw) / uu, 0, 1))
    return a + s[..., None] * u, c + t[..., None] * v


def _dot(first: Floats, second: Floats) -> Floats:
    products: Floats = (first * second).sum(axis=-1)
    return products


def crossing_point(endpoints_px: Floats) -> Floats | None:
    """The crossing point O of the diameters.

    Returns:
        (2,) float64, px. Where the diameters miss each other by at most
        `MAX_GAP_PX`, the midpoint of their closest points; beyond that, None.
    """
    first, second = closest_points(endpoints_px)
    if np.hypot(*(first - second)) > MAX_GAP_PX:
        return None
    return (first + second) / 2


def convex_hull(points: Floats) -> Floats:
    """Corners of the convex hull of (n, 2) points, (m, 2) float64.

    Method: monotone chain (Andrew 1979).
    """
    ordered = sorted(map(tuple, np.asarray(points, dtype=np.float64)))

    def half(sequence: list[tuple[float, ...]]) -> list[tuple[float, float]]:
        chain: list[tuple[float, float]] = []
        for x, y in sequence:
            while len(chain) > 1:
                (x1, y1), (x2, y2) = chain[-2:]
                if (x2 - x1) * (y - y1) > (y2 - y1) * (x - x1):
                    break
                chain.pop()
            chain.append((x, y))
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def polygon_area(polygon: Floats) -> float:
    """Area inside a polygon whose edges do not cross (shoelace formula).

    Args:
        polygon: (N, 2) vertices x, y in px, in either direction; it may be
            closed by its first vertex.

    Returns:
        The area in px^2.
    """
    points = np.asarray(polygon, dtype=np.float64)
    # From a vertex, since large coordinates would cancel out.
    x, y = (points - points[:1]).T
    twice = x @ np.roll(y, -1) - y @ np.roll(x, -1)
    return abs(float(twice)) / 2


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
    u2, v2 = np.roll(u, -1), np.roll(v, -1)
    # Each crossing of a cut and an edge, cut by cut.
    row, edge = np.nonzero((u < cuts[:, None]) != (u2 < cuts[:, None]))
    share = (cuts[row] - u[edge]) / (u2[edge] - u[edge])
    at = v[edge] + share * (v2[edge] - v[edge])
    at = at[np.lexsort((at, row))]
    # A cut crosses a closed outline an even number of times; the polygon is
    # between crossings 0 and 1, 2 and 3, and so on.
    lengths = at[1::2] - at[::2]
    # Chords of 1e-9 px or less are rounding errors of points on one line.
    if not lengths.size or lengths.max() <= 1e-9:
        return None
    first = 2 * int(lengths.argmax())
    chord: Floats = (
        cuts[row[first]] * axis + at[first : first + 2, None] * normal
    )
    return chord
