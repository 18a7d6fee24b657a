"""Solids and tubes in millimetres, and their cross-sections."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from .canvas import Canvas

TURN = np.linspace(0, 2 * np.pi, 72, endpoint=False)
CURVE_AT = np.linspace(0, 1, 12, endpoint=False)[:, None]


def superellipse(
    half_x: float,
    half_y: float,
    power: float = 2.0,
    at: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    """(72, 2) closed curve |x / half_x|^p + |y / half_y|^p = 1 around `at`."""
    c, s = np.cos(TURN), np.sin(TURN)
    x = np.sign(c) * np.abs(c) ** (2 / power) * half_x
    y = np.sign(s) * np.abs(s) ** (2 / power) * half_y
    return np.stack([x + at[0], y + at[1]], 1)


def wobble(
    rng: np.random.Generator, strength: float
) -> list[tuple[int, float, float, float]]:
    """Low harmonics (order, amplitude, phase, turn a mm of z)."""
    return [
        (k, rng.normal(0, strength / k), rng.uniform(0, 2 * np.pi),
         rng.normal(0, 0.02))
        for k in (2, 3, 4, 5)
    ]  # fmt: skip


@dataclass
class Solid:
    """A lump whose sections are wobbling ellipses that shrink to its ends.

    `centre` and `semi` are (x, y, z) in mm; `profile` is the power of the
    outline along z (2 an ellipsoid, more a barrel); `angle` in radians;
    `lean` moves the section in x and y a mm of z.
    """

    centre: tuple[float, float, float]
    semi: tuple[float, float, float]
    label: int
    over: Iterable[int] | None = None
    power: float = 2.0
    profile: float = 2.0
    angle: float = 0.0
    lean: tuple[float, float] = (0.0, 0.0)
    waves: list = field(default_factory=list)

    def section(self, z: float) -> np.ndarray | None:
        """(72, 2) mm outline at a height, None where there is none."""
        dz = z - self.centre[2]
        rest = 1 - abs(dz / self.semi[2]) ** self.profile
        if rest <= 0:
            return None
        scale = rest ** (1 / self.profile)
        curve = superellipse(self.semi[0], self.semi[1], self.power) * scale
        for order, amplitude, phase, turn in self.waves:
            bump = amplitude * np.cos(order * TURN + phase + turn * dz)
            curve = curve * (1 + bump)[:, None]
        c, s = np.cos(self.angle), np.sin(self.angle)
        curve = curve @ np.array([[c, s], [-s, c]])
        shift = np.array(self.lean) * dz + self.centre[:2]
        return curve + shift

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint the section at `z`."""
        curve = self.section(z)
        if curve is not None:
            canvas.fill(curve, self.label, self.over)


@dataclass
class Tube:
    """Balls along a path: points (N, 3) and radii (N,) in mm.

    `slab` is half the thickness of a slice over which thin branches are seen
    at once, in mm: it makes streaks of those that run within the slice.
    """

    points: np.ndarray
    radii: np.ndarray
    label: int
    over: Iterable[int] | None = None
    slab: float = 0.0

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint the discs in which the plane `z` cuts the balls."""
        away = np.abs(self.points[:, 2] - z) - self.slab
        left = self.radii**2 - np.maximum(away, 0) ** 2
        hit = (left > 0) & (away < self.radii)
        if hit.any():
            canvas.discs(
                self.points[hit, :2],
                np.sqrt(left[hit]),
                self.label,
                self.over,
            )

    def inner(self, share: float, label: int, shift_y: float = 0.0) -> Tube:
        """A tube inside this one, thinner and moved up by a share of r."""
        points = self.points.copy()
        points[:, 1] -= shift_y * self.radii
        return Tube(points, self.radii * share, label, self.over)


def smooth_path(knots: np.ndarray, step_mm: float) -> np.ndarray:
    """(N, 3) Catmull-Rom curve through (K, 3) knots, evenly sampled."""
    knots = np.asarray(knots, float)
    ends = (2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1])
    padded = np.concatenate([ends[0], knots, ends[1]])[:, None]
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    cubic = 3 * b - a - 3 * c + d
    square = 2 * a - 5 * b + 4 * c - d
    curve = ((cubic * CURVE_AT + square) * CURVE_AT + c - a) * CURVE_AT
    curve = np.concatenate([(0.5 * curve + b).reshape(-1, 3), knots[-1:]])
    steps = np.sqrt(((curve[1:] - curve[:-1]) ** 2).sum(1))
    length = np.concatenate([[0.0], steps.cumsum()])
    count = max(2, int(length[-1] / step_mm) + 1)
    at = np.linspace(0, length[-1], count)
    return np.stack([np.interp(at, length, curve[:, k]) for k in range(3)], 1)


def tube(
    knots: Iterable, radius: float | tuple[float, float], label: int,
    over: Iterable[int] | None = None,
) -> Tube:  # fmt: skip
    """A tube through knots (K, 3) mm; a pair of radii is a taper."""
    first, last = radius if isinstance(radius, tuple) else (radius, radius)
    path = smooth_path(np.array(list(knots)), max(0.6, first / 3))
    return Tube(path, np.linspace(first, last, len(path)), label, over)


def branches(
    rng: np.random.Generator,
    start: np.ndarray,
    end: np.ndarray,
    r_start: np.ndarray,
    r_end: np.ndarray,
    bend: float,
    samples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Bent branches: (B, 3) ends -> points (B, samples, 3), radii."""
    t = np.linspace(0, 1, samples)[None, :, None]
    length = np.linalg.norm(end - start, axis=1, keepdims=True)
    middle = (start + end) / 2 + rng.normal(0, bend, start.shape) * length
    points = (
        start[:, None] * (1 - t) ** 2
        + 2 * middle[:, None] * t * (1 - t)
        + end[:, None] * t**2
    )
    radii = r_start[:, None] + (r_end - r_start)[:, None] * t[..., 0]
    return points, radii
