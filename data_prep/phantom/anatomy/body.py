"""The trunk: skin, fat, muscle wall, cavity and the table under it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .canvas import Canvas
from .shapes import TURN, superellipse, wobble
from .tissue import Tissue as T  # noqa: N817

# Landmarks along the body, mm above the hip joints.
CREST, DOME, LUNG_BASE, CARINA, APEX = 190.0, 402.0, 325.0, 500.0, 625.0
HEIGHTS = (0.0, 60.0, 140.0, 230.0, 330.0, 450.0, 560.0, 640.0)
WIDTHS = (1.04, 1.06, 1.02, 0.94, 0.97, 1.0, 1.03, 1.04)
DEPTHS = (0.95, 1.0, 0.98, 0.96, 1.0, 1.03, 1.0, 0.9)
# The muscle wall's thickness at the sides, in front and behind, the latter
# two as shares of the half depth.
WALL_SIDE = (34.0, 36.0, 24.0, 10.0, 13.0, 13.0, 22.0, 32.0)
WALL_FRONT = (0.2, 0.14, 0.09, 0.08, 0.10, 0.11, 0.14, 0.2)
WALL_BACK = (0.72, 0.7, 0.58, 0.45, 0.34, 0.18, 0.2, 0.26)


@dataclass
class Body:
    """One patient's measures in mm; outlines are (72, 2) polygons in mm."""

    half_x: float
    half_y: float
    fat_side: float
    fat_front: float
    fat_back: float
    power: float
    sex: str
    age: int
    waves: list = field(default_factory=list)
    table_y: float = 0.0
    table_bend: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Body:
        """A random patient."""
        half_x = float(np.clip(rng.normal(168, 17), 135, 215))
        half_y = half_x * rng.uniform(0.68, 0.82)
        fat = rng.gamma(3.0, 0.045) * half_x
        return cls(
            half_x=half_x,
            half_y=half_y,
            fat_side=float(np.clip(fat, 5, 0.24 * half_x)),
            fat_front=float(np.clip(fat * rng.uniform(0.6, 1.1), 5, 38)),
            fat_back=float(np.clip(fat * rng.uniform(0.6, 1.0), 6, 34)),
            power=rng.uniform(2.15, 2.6),
            sex=str(rng.choice(['M', 'F'], p=[0.59, 0.41])),
            age=int(np.clip(rng.normal(57, 15), 12, 88)),
            waves=wobble(rng, 0.014),
            table_y=half_y * rng.uniform(1.02, 1.06),
            table_bend=rng.uniform(0.0, 0.0016),
        )

    def half(self, z: float) -> tuple[float, float]:
        """Half width and half depth at a height."""
        return (
            self.half_x * float(np.interp(z, HEIGHTS, WIDTHS)),
            self.half_y * float(np.interp(z, HEIGHTS, DEPTHS)),
        )

    def spine_y(self) -> float:
        """Where the centre of the vertebral bodies lies."""
        return 0.40 * self.half_y

    def outline(self, z: float) -> np.ndarray:
        """The skin, with the groove of the back."""
        a, b = self.half(z)
        curve = superellipse(a, b, self.power)
        for order, amplitude, phase, turn in self.waves:
            bump = amplitude * np.cos(order * TURN + phase + turn * z * 0.2)
            curve = curve * (1 + bump)[:, None]
        back = curve[:, 1] > 0
        groove = 0.07 * b * np.exp(-((curve[:, 0] / 22) ** 2))
        curve[:, 1] -= np.where(back, groove, 0)
        return curve

    def muscle(self, z: float) -> np.ndarray:
        """The outline without the subcutaneous fat."""
        a, b = self.half(z)
        scale = np.array(
            [(a - self.fat_side) / a,
             (2 * b - self.fat_front - self.fat_back) / (2 * b)]
        )  # fmt: skip
        shift = np.array([0.0, (self.fat_front - self.fat_back) / 2])
        return self.outline(z) * scale + shift

    def cavity_frame(self, z: float) -> tuple[float, float, float, float]:
        """(x, y) of the centre and the two half axes of the cavity."""
        a, b = self.half(z)
        side = float(np.interp(z, HEIGHTS, WALL_SIDE))
        front = float(np.interp(z, HEIGHTS, WALL_FRONT)) * b
        back = float(np.interp(z, HEIGHTS, WALL_BACK)) * b
        low = -b + self.fat_front + front
        high = b - self.fat_back - back
        half_x = a - self.fat_side - side
        return 0.0, (low + high) / 2, half_x, (high - low) / 2

    def cavity(self, z: float, scale: float = 1.0) -> np.ndarray:
        """What the ribs and the abdominal wall enclose."""
        x, y, half_x, half_y = self.cavity_frame(z)
        return superellipse(half_x, half_y, 2.2) * scale + (x, y)

    def dome(self, z: float, side: int) -> np.ndarray | None:
        """The abdomen under one half of the diaphragm; side -1 right, 1 left.

        It grows from a point at its top to the whole cavity, so that near
        the lung's base only a rim of lung is left behind and beside it.
        """
        top = DOME if side < 0 else DOME - 12
        share = min(1.0, (top - z) / (top - LUNG_BASE))
        if share <= 0:
            return None
        scale = share**0.45
        x, y, half_x, half_y = self.cavity_frame(z)
        away = (1 - scale) * np.array([side * 0.45 * half_x, -0.45 * half_y])
        return superellipse(half_x, half_y, 2.2) * scale + (x, y) + away

    def paint(self, canvas: Canvas, z: float) -> None:
        """Table, skin, fat, wall, and lung or fat inside."""
        self.paint_table(canvas)
        outline = self.outline(z)
        for gap in (5.0, 8.0):
            blanket = outline[38:71] * (1 + gap / self.half_x)
            canvas.stroke(blanket - (0.0, gap / 3), 0.8, T.PAD)
        canvas.fill(outline, T.SKIN)
        a, b = self.half(z)
        canvas.fill(outline * [1 - 2.0 / a, 1 - 2.0 / b], T.SUBFAT)
        canvas.fill(self.muscle(z), T.MUSCLE)
        self._septa(canvas, z)
        if z <= LUNG_BASE:
            canvas.fill(self.cavity(z), T.VISFAT)
            return
        canvas.fill(self.cavity(z), T.LUNG)
        for side in (-1, 1):
            dome = self.dome(z, side)
            if dome is not None:
                canvas.fill(dome, T.VISFAT, (T.LUNG,))

    def _septa(self, canvas: Canvas, z: float) -> None:
        """Thin fat between the muscles of the wall and of the back."""
        _, y, half_x, half_y = self.cavity_frame(z)
        ring = superellipse(half_x + 6.0, half_y + 6.0, 2.2, at=(0.0, y))
        canvas.stroke(
            np.vstack([ring[38:], ring[:1]]), 1.6, T.SEPTUM, (T.MUSCLE,)
        )
        _, b = self.half(z)
        spine = self.spine_y()
        for side in (-1, 1):
            lines = (
                [(side * 4, spine + 52), (side * 6, b)],
                [(side * 24, spine + 18), (side * 52, spine + 30),
                 (side * 74, spine + 44)],
                [(side * 36, spine + 44), (side * 58, spine + 52)],
            )  # fmt: skip
            for line in lines:
                canvas.stroke(np.array(line), 2.2, T.SEPTUM, (T.MUSCLE,))
        if z < 175:
            self._gluteal_septa(canvas, z)

    def _gluteal_septa(self, canvas: Canvas, z: float) -> None:
        """Fat between the layers of the buttocks."""
        a, b = self.half(z)
        turn = np.radians(np.linspace(8, 62, 9))
        for side in (-1, 1):
            for share in (0.55, 0.68, 0.8):
                arc = [side * share * a * np.cos(turn),
                       share * 0.95 * b * np.sin(turn)]  # fmt: skip
                canvas.stroke(np.stack(arc, 1), 2.4, T.SEPTUM, (T.MUSCLE,))

    def paint_table(self, canvas: Canvas) -> None:
        """Mattress and the table's two shells."""
        x = np.linspace(-260, 260, 60)
        top = self.table_y - self.table_bend * x**2
        pad = np.vstack([np.stack([x, top - 6], 1),
                         np.stack([x, top + 14], 1)[::-1]])  # fmt: skip
        canvas.fill(pad, T.PAD)
        for depth in (16.0, 52.0):
            shell = np.stack([x, top + depth * (1 - (x / 300) ** 2)], 1)
            canvas.stroke(shell, 1.4, T.TABLE)
