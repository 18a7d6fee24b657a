"""Polygons to masks and back; overlap of masks.

Polygons are in pixels with a pixel's centre at integers; a pixel belongs to a
polygon when its centre does. (``cv2.fillPoly`` also paints the border, which
inflates a disc of 6 px by 31 %.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Sub-pixels a pixel's side is cut into while a contour is followed.
_CONTOUR_SCALE = 4


def rasterize(polygon: np.ndarray, height: int, width: int) -> np.ndarray:
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
    polygon = _check_polygon(polygon)
    mask = np.zeros((height, width), dtype=bool)
    top = max(int(np.ceil(polygon[:, 1].min())), 0)
    bottom = min(int(np.floor(polygon[:, 1].max())), height - 1)
    bottom = max(bottom, top - 1)
    rows = np.arange(top, bottom + 1, dtype=np.float64)
    columns = np.arange(width, dtype=np.float64)
    crossings = _row_crossings(polygon, rows)
    inside = (crossings[:, :, None] <= columns).sum(axis=1) % 2 == 1
    mask[top : bottom + 1] = inside
    if not mask.any():
        x, y = (polygon.min(axis=0) + polygon.max(axis=0)) / 2
        column = int(np.clip(np.rint(x), 0, width - 1))
        mask[int(np.clip(np.rint(y), 0, height - 1)), column] = True
    return mask


def _check_polygon(polygon: np.ndarray) -> np.ndarray:
    points = np.asarray(polygon, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ValueError(
            '`polygon` must have shape (N, 2) with N >= 3, but got shape '
            f'{points.shape}.'
        )
    if not np.isfinite(points).all():
        raise ValueError('`polygon` must be finite, but holds NaN or inf.')
    return points


def _row_crossings(polygon: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """X of every edge on every row, (rows, N); inf where it does not cross.

    An edge owns its upper end and not its lower one, so that a vertex on a
    row counts once.
    """
    x1, y1 = polygon.T
    x2, y2 = np.roll(polygon, -1, axis=0).T
    y = rows[:, None]
    crosses = (y >= np.minimum(y1, y2)) & (y < np.maximum(y1, y2))
    with np.errstate(divide='ignore', invalid='ignore'):
        x = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
    return np.where(crosses, x, np.inf)


def mask_polygons(mask: np.ndarray) -> list[np.ndarray]:
    """Outlines of a mask, one polygon a connected piece, holes filled.

    The outline runs 1/8 px inside the pixels' outer border, so that
    :func:`rasterize` gives back exactly the pixels of a mask without holes.

    Args:
        mask: (H, W) bool.

    Returns:
        Polygons (N, 2) float64 in px, pixel centres at integers, largest
        piece first.
    """
    import cv2

    mask = np.asarray(mask, dtype=np.uint8)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return []
    top, left = rows[0], columns[0]
    crop = mask[top : rows[-1] + 1, left : columns[-1] + 1]
    scale = _CONTOUR_SCALE
    fine = np.kron(crop, np.ones((scale, scale), dtype=np.uint8))
    contours, _ = cv2.findContours(
        fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    contours = sorted(contours, key=cv2.contourArea, reverse=True)
    origin = np.array([left, top]) + 0.5 / scale - 0.5
    return [c.reshape(-1, 2) / scale + origin for c in contours]


def mask_ious(
    masks: Sequence[np.ndarray], references: Sequence[np.ndarray]
) -> np.ndarray:
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
