"""Geometry of a synthetic series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .anatomy.anatomy import Anatomy
from .anatomy.canvas import Canvas
from .scanner import Scanner
from .settings import Settings

TOP_MM = 640.0  # where slice 1 of a series lies
INTERVALS_MM = (1.0, 1.25, 2.0, 2.5, 3.0, 5.0)
INTERVAL_SHARES = (0.34, 0.06, 0.1, 0.08, 0.08, 0.34)
FOV_MM = (256.0, 500.0)


@dataclass(frozen=True)
class ScanGeometry:
    """The geometry of one scan.

    Attributes:
        folder: Name of the series.
        spacing: Distance of pixels, mm.
        interval: Distance of slices, mm.
        centre: Column and row of the body's axis, px.
        circle: Whether the field of view is a circle, -1024 HU outside.
        scanner: How it blurs and adds noise.
    """

    folder: str
    spacing: float
    interval: float
    centre: tuple[float, float]
    circle: bool
    scanner: Scanner

    def height(self, number: int) -> float:
        """Height in mm of a slice."""
        return TOP_MM - (number - 1) * self.interval

    def canvas(self) -> Canvas:
        """An empty slice."""
        return Canvas(self.scanner.size, self.spacing, self.centre)


def draw_series(
    rng: np.random.Generator,
    anatomy: Anatomy,
    folder: str,
    settings: Settings,
) -> ScanGeometry:
    """A random scan: field of view, slice interval, noise."""
    knobs = settings.difficulty
    width = 2 * anatomy.body.half(300)[0]
    fov = float(np.clip(width * rng.uniform(1.12, 1.4), *FOV_MM))
    spacing = round(fov / 512, 6) * 512 / settings.size
    middle = (settings.size - 1) / 2
    shift = rng.normal(0, (5.0, 7.0)) / spacing
    circle = bool(rng.random() < 0.95)
    scanner = Scanner(rng, settings.size, spacing, circle,
                      rng.uniform(*knobs.noise_hu), knobs)  # fmt: skip
    return ScanGeometry(
        folder=folder,
        spacing=spacing,
        interval=float(rng.choice(INTERVALS_MM, p=INTERVAL_SHARES)),
        centre=(float(middle + shift[0]), float(middle + shift[1])),
        circle=circle,
        scanner=scanner,
    )
