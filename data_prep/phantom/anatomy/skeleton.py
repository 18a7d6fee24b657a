"""Spine, ribs, breast bone, shoulder blades and pelvis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .body import HEIGHTS, WALL_SIDE, Body
from .canvas import Canvas
from .shapes import Tube, smooth_path, superellipse
from .tissue import Tissue as T  # noqa: N817

CREST_TOP, SACRUM_TOP = 200.0, 172.0


@dataclass
class Spine:
    """Vertebral bodies, discs, canal and processes, repeated along z."""

    body: Body
    period: float
    phase: float
    half_x: float
    half_y: float

    @classmethod
    def draw(cls, rng: np.random.Generator, body: Body) -> Spine:
        """A random spine."""
        return cls(
            body,
            period=rng.uniform(29, 36),
            phase=rng.uniform(0, 1),
            half_x=rng.uniform(19, 25),
            half_y=rng.uniform(14, 18),
        )

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint one level: a disc for a fifth of the height, else bone."""
        if z < SACRUM_TOP:
            return
        y = self.body.spine_y()
        step = z / self.period + self.phase
        at = step - np.floor(step)
        wide = self.half_x * float(np.interp(z, (0, 200, 600), (1.2, 1, 0.7)))
        shape = superellipse(wide, self.half_y, 2.3, at=(0.0, y))
        self._arch(canvas, y, at, wide)
        if at < 0.18:
            canvas.fill(shape, T.DISC)
        else:
            canvas.fill(shape, T.CORTEX)
            rim = 1.3 if 0.25 < at < 0.93 else 4.0
            inner = superellipse(
                wide - rim, self.half_y - rim, 2.3, at=(0.0, y)
            )
            canvas.fill(inner, T.SPONGIOSA)
        behind = (0.0, y + self.half_y + 7)
        canvas.fill(superellipse(10.0, 8.0, at=behind), T.SEPTUM)
        canvas.fill(superellipse(7.2, 5.8, at=behind), T.CANAL)

    def _arch(self, canvas: Canvas, y: float, at: float, wide: float):
        """Pedicles and processes, thicker in the middle of a vertebra."""
        base = y + self.half_y + 5
        thick = 6.0 if at > 0.4 else 3.6
        for side in (-1, 1):
            lamina = [(side * wide * 0.7, y + 8), (side * 15, base + 6),
                      (side * 8, base + 15), (0, base + 18)]  # fmt: skip
            self._bone(canvas, np.array(lamina), thick)
            if 0.45 < at < 0.85:
                arm = [(side * 15, base + 6), (side * 38, base + 10)]
                self._bone(canvas, np.array(arm), 6.0)
        if at > 0.3:
            end = base + 18 + 20 * min(1.0, (at - 0.3) * 2.5)
            self._bone(canvas, np.array([(0, base + 16), (0, end)]), 6.5)

    @staticmethod
    def _bone(canvas: Canvas, line: np.ndarray, width: float) -> None:
        canvas.stroke(line, width, T.CORTEX)
        if width > 4:
            canvas.stroke(line, width - 3.6, T.SPONGIOSA)


def ribs(rng: np.random.Generator, body: Body) -> list[Tube]:
    """Twelve pairs that fall from the spine to the front, with cartilage."""
    tubes = []
    pitch = rng.uniform(21, 24)
    first = rng.uniform(342, 356)
    for k in range(12):
        floating = k < 2
        turn = np.linspace(0.30, 1.9 if floating else 2.75, 90)
        z = first + pitch * k - rng.uniform(70, 90) * (1 - np.cos(turn)) / 2
        ring = [body.cavity_frame(v) for v in z[::10]]
        ring = np.array(ring).repeat(10, axis=0)[: len(z)]
        ring = np.stack([np.convolve(np.pad(c, 8, 'edge'), np.ones(17) / 17,
                                     'valid') for c in ring.T], 1)  # fmt: skip
        wall = np.interp(z, HEIGHTS, WALL_SIDE) * 0.38
        x = (ring[:, 2] + wall) * np.sin(turn) ** 0.9
        y = ring[:, 1] + (ring[:, 3] + wall * 0.7) * np.cos(turn)
        for side in (-1, 1):
            path = smooth_path(np.stack([side * x, y, z], 1)[::4], 2.0)
            radii = np.full(len(path), 5.2)
            front = int(len(path) * (0.99 if floating else 0.84))
            bone = Tube(path[:front], radii[:front], T.CORTEX)
            tubes += [bone, bone.inner(0.6, T.SPONGIOSA)]
            if not floating:
                tubes.append(
                    Tube(path[front:], radii[front:] * 0.9, T.CARTILAGE)
                )
    return tubes


@dataclass
class FlatBones:
    """Breast bone and shoulder blades."""

    body: Body

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint what the level shows."""
        _, y, half_x, half_y = self.body.cavity_frame(z)
        if 425 < z < 590:
            width = float(np.interp(z, (425, 540, 590), (12, 17, 30)))
            plate = superellipse(width, 6.0, 3.0, at=(0.0, y - half_y - 7))
            canvas.fill(plate, T.CORTEX)
            core = superellipse(width - 2, 4.0, 3.0, at=(0.0, y - half_y - 7))
            canvas.fill(core, T.SPONGIOSA)
        if z > 495:
            grow = min(1.0, (z - 495) / 60)
            for side in (-1, 1):
                blade = np.array(
                    [(side * (half_x * 0.55), y + half_y + 20),
                     (side * (half_x * 0.80), y + half_y * 0.86 + 18),
                     (side * (half_x * (0.80 + 0.27 * grow)),
                      y + half_y * 0.45)]
                )  # fmt: skip
                canvas.stroke(blade, 5.0, T.CORTEX, (T.MUSCLE, T.SEPTUM))
                canvas.stroke(blade, 1.8, T.SPONGIOSA, (T.CORTEX,))


@dataclass
class Pelvis:
    """Iliac wings, sacrum, hip sockets and the heads of the femora."""

    body: Body
    flare: float

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint what the level shows."""
        if z > CREST_TOP:
            return
        y = self.body.spine_y()
        a, b = self.body.half(z)
        if 25 < z < SACRUM_TOP:
            self._sacrum(canvas, y, z)
        for side in (-1, 1):
            if z > 62:
                self._wing(canvas, side, y, z, a, b)
            else:
                self._hip(canvas, side, z, a, b)

    def _sacrum(self, canvas: Canvas, y: float, z: float) -> None:
        width = float(np.interp(z, (25, 60, 110, 175), (7, 18, 44, 40)))
        deep = 15 if z > 50 else 7
        plate = superellipse(width, deep, 2.4, at=(0.0, y + 6))
        canvas.fill(plate, T.CORTEX)
        core = superellipse(width - 2, deep - 2, 2.4, at=(0.0, y + 6))
        canvas.fill(core, T.SPONGIOSA)
        for side in (-1, 1) if z > 70 else ():
            hole = superellipse(4.0, 3.0, at=(side * width * 0.5, y + 8))
            canvas.fill(hole, T.SEPTUM)

    def _wing(self, canvas, side, y, z, a, b) -> None:
        top = (CREST_TOP - z) / (CREST_TOP - 62)
        start = np.array([side * 45.0, y + 14])
        end = np.array(
            [side * a * (0.70 - 0.04 * top), -b * (0.28 * (1 - top) - 0.1)]
        )
        bow = (start + end) / 2 + np.array([side * 14.0 * self.flare, 10.0])
        curve = smooth_path(
            np.array([[*start, 0], [*bow, 0], [*end, 0]]), 3.0
        )[:, :2]
        short = curve[: max(3, int(len(curve) * min(1.0, 0.3 + 1.1 * top)))]
        width = 9.0 + 5.0 * top
        over = (T.MUSCLE, T.SEPTUM, T.VISFAT, T.SUBFAT)
        canvas.stroke(short, width, T.CORTEX, over)
        canvas.stroke(short[1:-1], width - 4, T.SPONGIOSA, (T.CORTEX,))

    def _hip(self, canvas, side, z, a, b) -> None:
        centre = (side * a * 0.54, 0.02 * b)
        for radius, label in (
            (33.0, T.CORTEX),  # the socket
            (30.0, T.SPONGIOSA),
            (26.5, T.CARTILAGE),
            (25.0, T.CORTEX),  # the head of the femur
            (22.5, T.SPONGIOSA),
        ):
            canvas.fill(superellipse(radius, radius, at=centre), label)
