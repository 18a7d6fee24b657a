"""Pseudo masks from RECIST diameters.

All coordinates are in source-image pixels with pixel centres at integers
(``DL_info.csv`` minus 1). Endpoints are ``(4, 2)`` arrays of x, y: the two
ends of one diameter, then the two ends of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from mmuldor.functional.arrays import Floats
from mmuldor.functional.diameters import (
    MAX_GAP_PX,
    check_endpoints,
    closest_points,
    convex_hull,
    crossing_point,
    diameters,
)

__all__ = [
    'MASK_SHAPES',
    'MAX_GAP_PX',
    'STORED',
    'PseudoMask',
    'box_polygon',
    'check_endpoints',
    'closest_points',
    'convex_hull',
    'crossing_point',
    'diameters',
    'ellipse_polygon',
    'moved_endpoints',
    'pseudo_mask_polygon',
    'pseudo_mask_polygons',
    'quadrilateral_polygon',
]


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


# A mask that is not drawn from the endpoints: the annotation's own.
STORED = 'segmentation'


def moved_endpoints(
    endpoints_px: Floats,
    grow_px: float = 0.0,
    offset_px: Sequence[float] = (0.0, 0.0),
) -> Floats:
    """Lengthen both diameters at both ends, and move them.

    Args:
        endpoints_px: (4, 2) endpoints, or (n, 4, 2) of several lesions.
        grow_px: Each endpoint moves outward by this, along its diameter.
        offset_px: x, y that is added to every endpoint.

    Returns:
        The endpoints, float64, of the same shape; with the defaults the same
        bits.

    Raises:
        ValueError: As for :func:`check_endpoints`.
    """
    points = check_endpoints(endpoints_px)
    if grow_px:
        along = points[..., 1::2, :] - points[..., ::2, :]
        outward = grow_px * along / np.linalg.norm(along, axis=-1)[..., None]
        points = points.copy()
        points[..., ::2, :] -= outward
        points[..., 1::2, :] += outward
    return points + np.asarray(offset_px) if any(offset_px) else points


@dataclass(frozen=True)
class PseudoMask:
    """How the mask of a lesion is drawn from its diameters.

    The defaults are ULDor's reading of ``DL_info.csv`` minus 1. Lesions lie
    half a pixel right of and below these coordinates, on average of both, as
    if the file counted from the outer edge of the first pixel: 0.50 px (0.40
    to 0.59) by masks that people drew, 0.50 px (0.24 to 0.76) by edges in
    other slices. The masks of people also reach 0.55 px (0.45 to 0.65)
    farther; see ``benchmarks/human-masks.md``.

    Attributes:
        shape: A key of `MASK_SHAPES`, or `STORED`: the annotation's own
            mask, which nothing is drawn for.
        points_per_quarter: Vertices on a quarter of a curved outline.
        grow_px: How far each endpoint moves outward along its diameter, in
            pixels of the source image, at least 0.
        offset_px: x, y that is added to the endpoints, in pixels of the
            source image: to the right and down.
    """

    shape: str = 'quarter_ellipses'
    points_per_quarter: int = 16
    grow_px: float = 0.0
    offset_px: Sequence[float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if self.shape not in (*MASK_SHAPES, STORED):
            raise ValueError(
                f'`shape` must be one of {sorted([*MASK_SHAPES, STORED])}, '
                f'but got {self.shape!r}.'
            )
        _check_count('points_per_quarter', self.points_per_quarter)
        _check_number('grow_px', self.grow_px)
        if self.grow_px < 0:
            raise ValueError(
                f'`grow_px` must be at least 0, but got {self.grow_px}.'
            )
        if not isinstance(self.offset_px, (tuple, list)):
            raise TypeError(
                '`offset_px` must be two numbers x, y, but got '
                f'{self.offset_px!r}.'
            )
        if len(self.offset_px) != 2:
            raise ValueError(
                '`offset_px` must be two numbers x, y, but got '
                f'{len(self.offset_px)}: {self.offset_px}.'
            )
        for value in self.offset_px:
            _check_number('offset_px', value)
        if self.shape == STORED and (self.grow_px or any(self.offset_px)):
            raise ValueError(
                '`grow_px` and `offset_px` must be 0 for '
                f'`shape={STORED!r}`, whose masks are taken as they are.'
            )
        # A config may give a list; a frozen value must be hashable.
        object.__setattr__(self, 'offset_px', tuple(self.offset_px))

    @classmethod
    def of(cls, value: PseudoMask | str) -> PseudoMask:
        """The value itself, or the paper's reading in a shape's name."""
        return value if isinstance(value, PseudoMask) else cls(value)

    def polygon(self, endpoints_px: Floats) -> Floats:
        """Outline of a lesion's mask.

        Args:
            endpoints_px: (4, 2) endpoints, or (8,); px in any frame.

        Returns:
            (N, 2) float64 in px of the same frame, not closed.

        Raises:
            ValueError: As for :func:`check_endpoints`, or the shape is
                `STORED`.
        """
        if self.shape == STORED:
            raise ValueError(
                f'`shape={STORED!r}` must be read with its lesion, for it is '
                'not drawn from endpoints.'
            )
        points = moved_endpoints(
            np.reshape(endpoints_px, (4, 2)), self.grow_px, self.offset_px
        )
        return MASK_SHAPES[self.shape](points, self.points_per_quarter)


def _check_number(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f'`{name}` must be a number, but got {value!r}.')
    if not np.isfinite(float(value)):
        raise ValueError(f'`{name}` must be finite, but got {value}.')
