"""Pseudo masks from RECIST diameters.

All coordinates are in source-image pixels with pixel centres at integers
(``DL_info.csv`` minus 1). Endpoints are ``(4, 2)`` arrays of x, y: the two
ends of one diameter, then the two ends of the other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmuldor.functional.arrays import Floats

# Diameters that miss each other by more than this have no crossing point.
MAX_GAP_PX = 1.0


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


def pseudo_mask_polygon(
    endpoints_px: Floats, points_per_quarter: int = 16
) -> Floats:
    """ULDor's pseudo mask: four quarter ellipses around the crossing point.

    Between neighbouring endpoints A and C of different diameters the outline
    is the affine arc ``O + cos(t) (A - O) + sin(t) (C - O)``, t in [0, pi/2].
    It always passes through both endpoints. For perpendicular diameters it is
    a quarter of the ellipse with semi-axes OA and OC (ULDor, section 2.1 and
    Fig. 2). If the diameters miss each other by more than 1 px, the mask is
    the convex hull of the four endpoints.

    Args:
        endpoints_px: (4, 2) endpoints.
        points_per_quarter: Vertices on each arc; 16 give an area 0.16 %
            below that of the exact curve.

    Returns:
        (N, 2) float64 polygon in px, not closed; N is
        ``4 * points_per_quarter``, or the number of corners of the hull.

    Raises:
        TypeError: If ``points_per_quarter`` is no int.
        ValueError: As for :func:`check_endpoints`, or if
            ``points_per_quarter`` is below 1.
    """
    points = np.reshape(check_endpoints(endpoints_px), (4, 2))
    return pseudo_mask_polygons(points[None], points_per_quarter)[0]


def pseudo_mask_polygons(
    endpoints_px: Floats, points_per_quarter: int = 16
) -> list[Floats]:
    """:func:`pseudo_mask_polygon` of n lesions at once, (n, 4, 2)."""
    points = check_endpoints(endpoints_px)
    _check_count('points_per_quarter', points_per_quarter)
    first, second = closest_points(points)
    apart = np.hypot(*(first - second).T) > MAX_GAP_PX
    centre = ((first + second) / 2)[:, None]
    angles = np.arange(points_per_quarter) * (np.pi / 2 / points_per_quarter)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    # Along the outline, endpoints of the two diameters alternate.
    ring = points[:, [0, 2, 1, 3]] - centre
    following = np.roll(ring, -1, axis=1)
    arcs = cos * ring[:, :, None]
    arcs += sin * following[:, :, None]
    arcs = arcs.reshape(len(points), -1, 2)
    arcs += centre
    outlines = list(arcs)
    for row in np.flatnonzero(apart):
        outlines[row] = convex_hull(points[row])
    return outlines


def _check_count(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f'`{name}` must be an int, but got {value!r}.')
    if value < 1:
        raise ValueError(f'`{name}` must be at least 1, but got {value}.')


def ellipse_polygon(
    endpoints_px: Floats, points_per_quarter: int = 16
) -> Floats:
    """One ellipse whose axes are as long as the diameters.

    The centre and direction are those of the long diameter, as in the
    single-ellipse masks of later work; the position of the short diameter is
    not used. Arguments and errors are those of :func:`pseudo_mask_polygon`.

    Returns:
        (4 * points_per_quarter, 2) float64 polygon in px, not closed.
    """
    points = check_endpoints(endpoints_px)
    _check_count('points_per_quarter', points_per_quarter)
    long, short = diameters(points)
    axis = points[:2] if np.hypot(*(points[1] - points[0])) == long else None
    axis = points[2:] if axis is None else axis
    direction = (axis[1] - axis[0]) / long
    normal = np.array([-direction[1], direction[0]])
    angles = np.arange(4 * points_per_quarter) * (
        np.pi / 2 / points_per_quarter
    )
    along = np.cos(angles)[:, None] * direction * (long / 2)
    across = np.sin(angles)[:, None] * normal * (short / 2)
    outline: Floats = axis.mean(axis=0) + along + across
    return outline


def quadrilateral_polygon(
    endpoints_px: Floats, points_per_quarter: int = 16
) -> Floats:
    """Convex hull of the endpoints; ``points_per_quarter`` is not used."""
    return convex_hull(check_endpoints(endpoints_px))


def box_polygon(endpoints_px: Floats, points_per_quarter: int = 16) -> Floats:
    """Bounding box of the endpoints; ``points_per_quarter`` is not used."""
    points = check_endpoints(endpoints_px)
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


MASK_SHAPES: dict[str, Callable[..., Floats]] = {
    'quarter_ellipses': pseudo_mask_polygon,
    'ellipse': ellipse_polygon,
    'quadrilateral': quadrilateral_polygon,
    'box': box_polygon,
}
