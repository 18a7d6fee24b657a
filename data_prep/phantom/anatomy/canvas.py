"""One slice as a map of labels, painted in millimetres."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

SHIFT = 4  # cv2's fixed-point coordinates: sixteenths of a pixel


class Canvas:
    """A (size, size) uint8 label map with pixel centres at integers.

    Args:
        size: Side in pixels.
        spacing: Millimetres a pixel.
        centre: Where x = y = 0 mm lies, (x, y) in pixels.
    """

    def __init__(self, size: int, spacing: float, centre: tuple[float, float]):
        self.label = np.zeros((size, size), np.uint8)
        self.spacing = spacing
        self.centre = np.asarray(centre, float)

    def to_px(self, points_mm: np.ndarray) -> np.ndarray:
        """(..., 2) mm -> (..., 2) pixels."""
        return np.asarray(points_mm) / self.spacing + self.centre

    def fill(
        self,
        polygon_mm: np.ndarray,
        label: int,
        over: Iterable[int] | None = None,
    ) -> None:
        """Paint a polygon, (N, 2) mm, only over the labels of `over`."""
        points = self._fixed(polygon_mm)
        if over is None:
            cv2.fillPoly(self.label, [points], int(label), shift=SHIFT)
            return
        low, high = points.min(0) >> SHIFT, (points.max(0) >> SHIFT) + 1
        box = self._clip(low, high)
        if box is None:
            return
        mask = self._mask(box)
        moved = points - (np.array(box[:2]) << SHIFT).astype(np.int32)
        cv2.fillPoly(mask, [moved], 1, shift=SHIFT)
        self._apply(box, mask, label, over)

    def discs(
        self,
        centres_mm: np.ndarray,
        radii_mm: np.ndarray,
        label: int,
        over: Iterable[int] | None = None,
    ) -> None:
        """Paint discs, centres (N, 2) and radii (N,) in mm."""
        if not len(radii_mm):
            return
        centres = self._fixed(centres_mm)
        radii = np.rint(radii_mm / self.spacing * (1 << SHIFT)).astype(int)
        if over is None:
            draw_discs(self.label, centres, radii, int(label))
            return
        low = (centres - radii[:, None]).min(0) >> SHIFT
        high = ((centres + radii[:, None]).max(0) >> SHIFT) + 1
        box = self._clip(low, high)
        if box is None:
            return
        mask = self._mask(box)
        draw_discs(mask, centres - (np.array(box[:2]) << SHIFT), radii, 1)
        self._apply(box, mask, label, over)

    def stroke(
        self,
        line_mm: np.ndarray,
        width_mm: float,
        label: int,
        over: Iterable[int] | None = None,
    ) -> None:
        """Paint a line of a width, (N, 2) mm."""
        points = self._fixed(line_mm)
        width = max(1, round(width_mm / self.spacing))
        if over is None:
            cv2.polylines(
                self.label, [points], False, int(label), width, shift=SHIFT
            )
            return
        low = (points.min(0) >> SHIFT) - width
        high = (points.max(0) >> SHIFT) + width + 1
        box = self._clip(low, high)
        if box is None:
            return
        mask = self._mask(box)
        moved = points - (np.array(box[:2]) << SHIFT).astype(np.int32)
        cv2.polylines(mask, [moved], False, 1, width, shift=SHIFT)
        self._apply(box, mask, label, over)

    def _fixed(self, points_mm: np.ndarray) -> np.ndarray:
        points = self.to_px(points_mm) * (1 << SHIFT)
        return np.rint(points).astype(np.int32)

    def _clip(self, low, high) -> tuple[int, int, int, int] | None:
        size = self.label.shape[0]
        x1, y1 = (int(max(0, v)) for v in low)
        x2, y2 = (int(min(size - 1, v)) + 1 for v in high)
        return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None

    @staticmethod
    def _mask(box: tuple[int, int, int, int]) -> np.ndarray:
        return np.zeros((box[3] - box[1], box[2] - box[0]), np.uint8)

    def _apply(self, box, mask, label, over) -> None:
        region = self.label[box[1] : box[3], box[0] : box[2]]
        allowed = cv2.LUT(region, label_table(over))
        region[(mask & allowed) > 0] = label


def label_table(labels: Iterable[int]) -> np.ndarray:
    """(256,) uint8 with 1 at the labels."""
    table = np.zeros(256, np.uint8)
    table[[int(v) for v in labels]] = 1
    return table


def draw_discs(
    image: np.ndarray, centres: np.ndarray, radii: np.ndarray, value: int
) -> None:
    """Draw filled discs in cv2's fixed-point coordinates."""
    for (x, y), radius in zip(centres.tolist(), radii.tolist(), strict=True):
        cv2.circle(image, (x, y), radius, value, -1, shift=SHIFT)
