"""One patient's anatomy: everything that is painted, in order."""

from __future__ import annotations

import numpy as np

from . import abdomen, chest, pelvis, skeleton
from .body import Body
from .canvas import Canvas
from .tissue import Palette


class Anatomy:
    """A body that can be painted at any height.

    Args:
        seed: Seeds of the patient; the same seed gives the same body.
    """

    def __init__(self, seed: tuple[int, ...]):
        rng = np.random.default_rng(seed)
        self.seed = seed
        self.body = body = Body.draw(rng)
        self.palette = Palette(rng)
        self.parts = [
            body,
            chest.Mediastinum(body, rng.uniform(34, 46)),
            *chest.heart(rng, body),
            *pelvis.muscles(body),
            *abdomen.liver(rng, body),
            *abdomen.upper_organs(rng, body),
            *abdomen.kidneys(rng, body),
            *abdomen.trunk_vessels(rng, body),
            *pelvis.organs(rng, body),
            *abdomen.bowel(rng, body),
            *pelvis.vessels(rng, body),
            *chest.great_vessels(rng, body),
            skeleton.Spine.draw(rng, body),
            skeleton.Pelvis(body, rng.uniform(0.7, 1.3)),
            *skeleton.ribs(rng, body),
            skeleton.FlatBones(body),
        ]

    def section(self, low: float, high: float, interval: float) -> list:
        """The parts to paint between two heights, lung vessels included."""
        if high < chest.LUNG_BASE:
            return self.parts
        rng = np.random.default_rng((*self.seed, 1))
        slab = 0.3 * interval
        vessels = chest.lung_vessels(rng, self.body, low, high, slab)
        return [*self.parts, *vessels]


def paint(parts: list, canvas: Canvas, z: float) -> Canvas:
    """Paint parts at a height; returns the canvas."""
    for part in parts:
        part.paint(canvas, z)
    return canvas
