"""The patient at baseline as voxels that both scans are sampled from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ..anatomy.anatomy import Anatomy, paint
from ..anatomy.canvas import Canvas
from ..anatomy.tissue import Palette, Tissue

# Sampled slightly outside of the body: air.
AIR_HU = -1000.0
MARGIN_MM = 15.0
_NO_BODY = (Tissue.TABLE, Tissue.PAD)


@dataclass(frozen=True, eq=False)
class Source:
    """Labels of the anatomy, without the table.

    Attributes:
        labels: (slices, rows, columns) uint8, the lowest slice first.
        spacing_mm: Side of a voxel.
        origin_mm: x y z of the first voxel's centre, (3,).
    """

    labels: np.ndarray
    spacing_mm: float
    origin_mm: np.ndarray

    @classmethod
    def of(
        cls, anatomy: Anatomy, low: float, high: float, spacing_mm: float
    ) -> Source:
        """Paint the anatomy between two heights."""
        half = 1.15 * max(anatomy.body.half(300)) + MARGIN_MM
        size = int(2 * half / spacing_mm)
        middle = (size - 1) / 2
        heights = np.arange(low, high + spacing_mm, spacing_mm)
        parts = anatomy.section(low, high, spacing_mm)
        planes = []
        for z in heights:
            canvas = Canvas(size, spacing_mm, (middle, middle))
            planes.append(paint(parts, canvas, float(z)).label)
        labels = np.stack(planes)
        labels[np.isin(labels, _NO_BODY)] = Tissue.AIR
        origin = np.array([-middle * spacing_mm] * 2 + [low])
        return cls(labels, spacing_mm, origin)

    def hu(self, palette: Palette) -> np.ndarray:
        """Densities without noise, float32, of the shape of `labels`."""
        planes = [
            cv2.GaussianBlur(cv2.LUT(plane, palette.hu), (0, 0), 0.5)
            for plane in self.labels
        ]
        return np.stack(planes)

    def sample(self, hu: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
        """Densities at points (..., 3) x y z, linear between voxels."""
        from scipy import ndimage

        index: Any = (points_mm - self.origin_mm) / self.spacing_mm
        return ndimage.map_coordinates(
            hu,
            np.moveaxis(index, -1, 0)[::-1],
            order=1,
            mode='constant',
            cval=AIR_HU,
        )
