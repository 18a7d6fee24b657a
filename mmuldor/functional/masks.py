"""Polygons to masks and back; overlap of masks.

Polygons are in pixels with pixel centres at integers. A pixel belongs to a
polygon if its centre is inside. (``cv2.fillPoly`` also fills the pixels of
the border, which enlarges a disc of 6 px by 31 %.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats, Ints, Numbers

# Masks rasterised at a time, so that the arrays stay in the cache.
_BLOCK = 512
# Sub-pixels along a pixel's side for cv2.findContours, which returns the
# centres of border pixels: 1 / 8 px instead of 1 / 2 px inside the border.
_CONTOUR_SCALE = 4


def rasterize(polygon: Floats, height: int, width: int) -> Bools:
    """Fill a polygon (even-odd rule).

    Args:
        polygon: (N, 2) vertices x, y in px, N >= 3, not closed.
        height: Rows of the mask.
        width: Columns of the mask.

    Returns:
        (height, width) bool mask. Never empty: a polygon without a pixel
        centre inside gets the pixel of the image nearest to its own centre.

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
    """:func:`rasterize` many polygons at once, as run lengths.

    Time and memory grow with the number of crossings of outlines and columns,
    not with the number of pixels.

    Args:
        polygons: (N, 2) vertices each, as for :func:`rasterize`.
        height: Rows of the masks.
        width: Columns of the masks.

    Returns:
        The run lengths of each mask, int64, column by column, the first run
        outside, as in COCO's run-length encoding.

    Raises:
        ValueError: As for :func:`rasterize`.
    """
    polygons = list(map(_as_polygon, polygons))
    return [
        runs
        for start in range(0, len(polygons), _BLOCK)
        for runs in _runs(polygons[start : start + _BLOCK], height, width)
    ]


def _runs(polygons: Sequence[Floats], height: int, width: int) -> list[Ints]:
    """:func:`mask_runs` of a block of at least one polygon."""
    size, count = height * width, len(polygons)
    # Even-odd rule: an even number of crossings at one pixel cancels out.
    keys, edges = np.unique(
        _borders(polygons, height, width), return_counts=True
    )
    keys = keys[edges % 2 == 1]
    per_mask = np.histogram(keys, np.arange(count + 1) * size)[0]
    for row in np.flatnonzero(per_mask == 0):
        pixel = _nearest_pixel(polygons[row], height, width)
        # A run that ends with the last pixel of the mask has no end key.
        ends = [p for p in (pixel, pixel + 1) if p < size]
        keys = np.append(keys, np.add(row * size, ends))
        per_mask[row] = len(ends)
    # Each mask begins with a run outside, of length 0 if pixel 0 is inside.
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
    """The first pixel below each crossing of an edge and a column, (n,) int64.

    Pixel numbers increase along columns and continue from one mask to the
    next. An edge includes its left end and excludes its right end, so that a
    vertex on a column counts once. A pixel centre exactly on an edge is to
    the right of the edge.
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
    pixel = column * height + row
    mask = np.repeat(np.arange(len(polygons)), counts)[edge]
    # No pixel follows a crossing below the last pixel of a mask.
    inside = pixel < height * width
    first_pixels: Ints = (mask * (height * width) + pixel)[inside]
    return first_pixels


def _nearest_pixel(polygon: Floats, height: int, width: int) -> int:
    """Number of the pixel nearest to the centre of a polygon's box."""
    x, y = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
    column = int(np.clip(np.rint(x), 0, width - 1))
    return column * height + int(np.clip(np.rint(y), 0, height - 1))


@dataclass(frozen=True, eq=False)
class CroppedMask:
    """A mask on a slice, without the empty rows and columns around it.

    A lesion covers a few hundred of the 262,144 pixels of a slice.

    Attributes:
        row: First row of `bitmap` on the slice.
        column: First column of `bitmap` on the slice.
        bitmap: (rows, columns) bool; each of its four borders has a pixel of
            the mask.
    """

    row: int
    column: int
    bitmap: Bools

    @property
    def area_px(self) -> int:
        """Number of pixels inside the mask."""
        return int(np.count_nonzero(self.bitmap))

    @property
    def box_px(self) -> Floats:
        """Box around the pixels' outer edges, `x1 y1 x2 y2`, (4,) float64.

        Pixel centres are at integers, so all values end in .5.
        """
        rows, columns = self.bitmap.shape
        x, y = self.column - 0.5, self.row - 0.5
        return np.array([x, y, x + columns, y + rows])

    def outlines(self) -> list[Floats]:
        """Polygons as of :func:`mask_polygons`, in pixels of the slice."""
        import cv2

        scale = _CONTOUR_SCALE
        # Any, since NumPy's type stubs say bool where the dtype is uint8.
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
        """Rows and columns on the slice of the mask's pixels, (n,) each."""
        rows, columns = np.nonzero(self.bitmap)
        return rows + self.row, columns + self.column

    def paint(self, plane: Numbers, value: int = 1) -> None:
        """Set the mask's pixels of a slice (height, width) to a value."""
        rows, columns = self.bitmap.shape
        window = plane[
            self.row : self.row + rows, self.column : self.column + columns
        ]
        window[self.bitmap] = value


def crop_mask(
    mask: ArrayLike, row: int = 0, column: int = 0
) -> CroppedMask | None:
    """Crop the empty rows and columns around a mask; pixels are not copied.

    Args:
        mask: (H, W) bool.
        row: First row of `mask` on the slice.
        column: First column of `mask` on the slice.

    Returns:
        The mask with all its connected components, or None if it is empty.
    """
    mask = np.asarray(mask, dtype=bool)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    bitmap = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    return CroppedMask(row + top, column + left, bitmap)


def largest_piece(mask: ArrayLike) -> CroppedMask | None:
    """The largest connected component of a mask, with its holes filled.

    Pixels that touch at a corner are connected. The size of a component is
    the area inside its outline; of equal ones the last in reading order is
    taken.

    Args:
        mask: (H, W) bool.

    Returns:
        The component, or None if the mask is empty.
    """
    outlines = mask_polygons(mask)
    if not outlines:
        return None
    # The outline runs 3/8 px outside the centres of the border pixels.
    low = np.ceil(outlines[0].min(axis=0)).astype(int)
    width, height = np.floor(outlines[0].max(axis=0)).astype(int) - low + 1
    column, row = low.tolist()
    bitmap = rasterize(outlines[0] - low, int(height), int(width))
    return CroppedMask(row, column, bitmap)


def mask_polygons(mask: ArrayLike) -> list[Floats]:
    """Outlines of a mask, one polygon a connected component, holes filled.

    The outline runs 1/8 px inside the pixels' outer edges, so that
    :func:`rasterize` reproduces a mask without holes exactly.

    Args:
        mask: (H, W) bool.

    Returns:
        Polygons (N, 2) float64 in px, pixel centres at integers, sorted by
        descending area.
    """
    cropped = crop_mask(mask)
    return [] if cropped is None else cropped.outlines()


def mask_ious(masks: Sequence[Bools], references: Sequence[Bools]) -> Floats:
    """IoU of each mask with each reference, (n, m) float64.

    Args:
        masks: n masks (H, W) bool.
        references: m masks (H, W) bool.

    Returns:
        IoU in [0, 1]; 0 if both masks are empty.
    """
    ious = np.zeros((len(masks), len(references)))
    for i, mask in enumerate(masks):
        for j, reference in enumerate(references):
            union = np.count_nonzero(mask | reference)
            intersection = np.count_nonzero(mask & reference)
            ious[i, j] = intersection / union if union else 0.0
    return ious
