"""Polygons to masks and back; overlap of masks.

Polygons are in pixels with a pixel's centre at integers; a pixel belongs to a
polygon when its centre does. (``cv2.fillPoly`` also paints the border, which
inflates a disc of 6 px by 31 %.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats, Ints, Numbers

# Masks made at a time: what they need stays in the cache.
_BLOCK = 512
# Sub-pixels a pixel's side is cut into while a contour is followed.
_CONTOUR_SCALE = 4


def rasterize(polygon: Floats, height: int, width: int) -> Bools:
    """Fill a polygon (even-odd rule).

    Args:
        polygon: (N, 2) vertices x, y in px, N >= 3, not closed.
        height: Rows of the mask.
        width: Columns of the mask.

    Returns:
        (height, width) bool mask. Never empty: a polygon without a pixel
        centre keeps the pixel nearest to its own centre (inside the image).

    Raises:
        ValueError: If ``polygon`` is not (N, 2) with N >= 3 finite vertices.
    """
    runs = mask_runs([polygon], height, width)[0]
    values = np.arange(len(runs)) % 2 == 1
    columns = np.repeat(values, runs).reshape(width, height)
    return np.ascontiguousarray(columns.T)


def mask_runs(
    polygons: Sequence[Floats], height: int, width: int
) -> list[Ints]:
    """:func:`rasterize` of many polygons at once, as runs.

    Time and memory grow with the number of outlines' crossings of columns,
    not with that of pixels.

    Args:
        polygons: Each as for :func:`rasterize`.
        height: Rows of the masks.
        width: Columns of the masks.

    Returns:
        For each polygon the lengths of its runs along columns, int64, the
        first outside, as in COCO's run-length encoding.
    """
    polygons = list(map(_as_polygon, polygons))
    return [
        runs
        for start in range(0, len(polygons), _BLOCK)
        for runs in _runs(polygons[start : start + _BLOCK], height, width)
    ]


def _runs(polygons: Sequence[Floats], height: int, width: int) -> list[Ints]:
    """:func:`mask_runs` of a block of one or more."""
    size, count = height * width, len(polygons)
    # Where an even number of edges meet, nothing changes.
    keys, edges = np.unique(
        _borders(polygons, height, width), return_counts=True
    )
    keys = keys[edges % 2 == 1]
    per_mask = np.histogram(keys, np.arange(count + 1) * size)[0]
    for row in np.flatnonzero(per_mask == 0):
        pixel = _nearest_pixel(polygons[row], height, width)
        # Nothing comes after the last pixel.
        ends = [p for p in (pixel, pixel + 1) if p < size]
        keys = np.append(keys, np.add(row * size, ends))
        per_mask[row] = len(ends)
    # Every mask starts outside, whatever its first pixel is.
    keys = np.sort(np.append(keys, np.arange(count + 1) * size))
    return np.split(np.diff(keys), np.cumsum(per_mask + 1)[:-1])[:count]


def _as_polygon(polygon: Floats) -> Floats:
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(
            '`polygon` must have shape (N, 2) with N >= 3, but got shape '
            f'{points.shape}.'
        )
    return points


def _borders(polygons: Sequence[Floats], height: int, width: int) -> Ints:
    """The first pixels after outlines cross columns, (n,) int64.

    Pixels are counted along columns, on from one mask to the next. An edge
    owns its left end and not its right one, so that a vertex on a column
    counts once. A pixel whose centre an edge hits lies to the right of it.
    """
    vertices = np.concatenate(polygons)
    if not np.isfinite(vertices).all():
        raise ValueError('`polygon` must be finite, but holds NaN or inf.')
    counts = np.array([len(polygon) for polygon in polygons])
    following = np.arange(1, len(vertices) + 1)
    following[np.cumsum(counts) - 1] -= counts
    (x1, y1), (x2, y2) = vertices.T, vertices[following].T
    first = np.ceil(np.minimum(x1, x2)).clip(0, width).astype(np.int64)
    stop = np.ceil(np.maximum(x1, x2)).clip(0, width).astype(np.int64)
    edge = np.repeat(np.arange(len(x1)), stop - first)
    number = np.cumsum(stop - first) - (stop - first)
    column = np.arange(len(edge)) - number[edge] + first[edge]
    rise, run = (y2 - y1)[edge], (x2 - x1)[edge]
    y = y1[edge] + (column - x1[edge]) * rise / run
    row = np.where(rise * run > 0, np.floor(y) + 1, np.ceil(y))
    row = row.clip(0, height).astype(np.int64)
    place = column * height + row
    owner = np.repeat(np.arange(len(polygons)), counts)[edge]
    # What ends with the last pixel has no first pixel after it.
    inside = place < height * width
    first_pixels: Ints = (owner * (height * width) + place)[inside]
    return first_pixels


def _nearest_pixel(polygon: Floats, height: int, width: int) -> int:
    """The pixel nearest to a polygon's centre, counted along columns."""
    x, y = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    column = int(np.clip(np.rint(x), 0, width - 1))
    return column * height + int(np.clip(np.rint(y), 0, height - 1))


@dataclass(frozen=True, eq=False)
class CroppedMask:
    """A mask on a slice without the empty rows and columns around it.

    A lesion covers a few hundred of the 262,144 pixels of a slice.

    Attributes:
        row: Row of the slice where `bitmap` begins.
        column: Column of the slice where it begins.
        bitmap: (rows, columns) bool; none of its four sides is empty.
    """

    row: int
    column: int
    bitmap: Bools

    @property
    def area_px(self) -> int:
        """Number of its pixels."""
        return int(np.count_nonzero(self.bitmap))

    @property
    def box_px(self) -> Floats:
        """`x1 y1 x2 y2` out to the pixels' borders, centres at integers."""
        rows, columns = self.bitmap.shape
        x, y = self.column - 0.5, self.row - 0.5
        return np.array([x, y, x + columns, y + rows])

    def outlines(self) -> list[Floats]:
        """As :func:`mask_polygons` has them, in pixels of the slice."""
        import cv2

        scale = _CONTOUR_SCALE
        # uint8; NumPy's types say bool.
        fine: Any = np.kron(
            self.bitmap.astype(np.uint8), np.ones((scale, scale), np.uint8)
        )
        contours, _ = cv2.findContours(
            fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        contours = sorted(contours, key=cv2.contourArea, reverse=True)
        origin = np.array([self.column, self.row]) + 0.5 / scale - 0.5
        return [c.reshape(-1, 2) / scale + origin for c in contours]

    def pixels(self) -> tuple[Ints, Ints]:
        """Rows and columns of its pixels on the slice, (n,) each."""
        rows, columns = np.nonzero(self.bitmap)
        return rows + self.row, columns + self.column

    def paint(self, plane: Numbers, value: int = 1) -> None:
        """Set its pixels of a slice, (height, width), to a value."""
        rows, columns = self.bitmap.shape
        window = plane[
            self.row : self.row + rows, self.column : self.column + columns
        ]
        window[self.bitmap] = value


def crop_mask(
    mask: ArrayLike, row: int = 0, column: int = 0
) -> CroppedMask | None:
    """A mask without the empty rows and columns around it, not copied.

    Args:
        mask: (H, W) bool.
        row: Row of the slice where `mask` begins.
        column: Column of the slice where it begins.

    Returns:
        The mask in all its pieces, or None if it is empty.
    """
    mask = np.asarray(mask, dtype=bool)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    bitmap = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return CroppedMask(row + top, column + left, bitmap)


def largest_piece(mask: ArrayLike) -> CroppedMask | None:
    """The largest connected piece of a mask, its holes filled.

    Pixels that touch by a corner are connected. Largest is the area inside
    of a piece's outline; of equal ones it is the last in reading order.

    Args:
        mask: (H, W) bool.

    Returns:
        The piece, or None if the mask is empty.
    """
    outlines = mask_polygons(mask)
    if not outlines:
        return None
    # The outline runs 3/8 px beside the centres of its outermost pixels.
    low = np.ceil(outlines[0].min(axis=0)).astype(int)
    width, height = np.floor(outlines[0].max(axis=0)).astype(int) - low + 1
    column, row = low.tolist()
    bitmap = rasterize(outlines[0] - low, int(height), int(width))
    return CroppedMask(row, column, bitmap)


def mask_polygons(mask: ArrayLike) -> list[Floats]:
    """Outlines of a mask, one polygon a connected piece, holes filled.

    The outline runs 1/8 px inside the pixels' outer border, so that
    :func:`rasterize` gives back exactly the pixels of a mask without holes.

    Args:
        mask: (H, W) bool.

    Returns:
        Polygons (N, 2) float64 in px, pixel centres at integers, largest
        piece first.
    """
    cropped = crop_mask(mask)
    return [] if cropped is None else cropped.outlines()


def mask_ious(masks: Sequence[Bools], references: Sequence[Bools]) -> Floats:
    """IoU of every mask with every reference, (n, m) float64.

    Two empty masks have an IoU of 0.
    """
    ious = np.zeros((len(masks), len(references)))
    for i, mask in enumerate(masks):
        for j, reference in enumerate(references):
            union = np.count_nonzero(mask | reference)
            common = np.count_nonzero(mask & reference)
            ious[i, j] = common / union if union else 0.0
    return ious
