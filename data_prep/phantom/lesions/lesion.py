"""Lesions: irregular lumps in 3-D with a texture of their own."""

from __future__ import annotations

import cv2
import numpy as np

from ..anatomy.canvas import Canvas
from ..anatomy.noise import field, unit
from ..settings import LONG_MM, QUANTILES, SHORT_RATIO, Difficulty

HARMONICS = 7
TEXTURE_REACH = 2.5  # mm of z after which the inner texture has changed


def draw_size(
    rng: np.random.Generator, knobs: Difficulty, max_long_mm: float
) -> tuple[float, float]:
    """Long and short diameter in mm, from DeepLesion's distributions."""
    high = min(max_long_mm, knobs.max_long_mm)
    low, top = np.interp([knobs.min_long_mm, high], LONG_MM, QUANTILES)
    long_mm = float(np.interp(rng.uniform(low, top), QUANTILES, LONG_MM))
    ratio = float(np.interp(rng.random(), QUANTILES, SHORT_RATIO))
    # The bumps make a lump longer and less round than it was drawn.
    return long_mm, long_mm * max(ratio, 0.3) ** 0.6


class PhantomLesion:
    """A perturbed ellipsoid: surface at rho(direction) of its semi-axes.

    Args:
        rng: All shape and texture is drawn here.
        centre: (x, y, z) in mm.
        diameters: Long and short diameter in mm, before perturbation.
        hu: Mean density.
        spiked: Whether thin spikes radiate from it.
        spacing: Millimetres a pixel of the texture.
        knobs: How irregular and how textured it is.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        centre: tuple[float, float, float],
        diameters: tuple[float, float],
        hu: float,
        spiked: bool,
        spacing: float,
        knobs: Difficulty,
    ):
        self.centre = np.array(centre, float)
        long_mm, short_mm = diameters
        deep = np.sqrt(long_mm * short_mm) * rng.uniform(0.8, 1.15)
        self.semi = np.array([long_mm, short_mm, deep]) / 2
        self.turn = rng.uniform(0, np.pi)
        self.hu = hu
        self.soft = rng.uniform(*knobs.edge_softness_mm)
        self.rim = rng.uniform(*knobs.lesion_rim_hu)
        self.core = rng.uniform(*knobs.lesion_core_hu)
        self._draw_surface(rng, spiked, knobs)
        self.reach = float(self.semi.max()) * 1.6 + 3
        side = int(2 * self.reach / spacing) + 4
        # A small lesion has as many grains across as a large one.
        grain_mm = min(knobs.lesion_texture_mm, long_mm / 6)
        grain = max(0.5, grain_mm / spacing)
        self.texture = [
            unit(field(rng, side, (grain, grain))) * knobs.lesion_texture_hu
            for _ in range(2)
        ]

    def _draw_surface(self, rng, spiked: bool, knobs: Difficulty) -> None:
        """Waves on the sphere of directions: lopsided, lobulated, spiked."""
        orders = np.array([1.6, 2.5, 3.5, 4.5, 6.0, 8.0, 10.0])
        unit_vectors = rng.standard_normal((HARMONICS, 3))
        unit_vectors /= np.linalg.norm(unit_vectors, axis=1, keepdims=True)
        self.waves = unit_vectors * orders[:, None]
        self.phases = rng.uniform(0, 2 * np.pi, HARMONICS)
        strength = rng.uniform(*knobs.irregularity)
        fall = np.array([1.0, 1.0, 0.8, 0.7, 0.5, 0.4, 0.3])
        self.heights = strength * fall * rng.uniform(0.4, 1.0, HARMONICS)
        self.spikes = None
        if spiked:
            count = int(rng.integers(5, 12))
            to = rng.standard_normal((count, 3)) * [1, 1, 0.6]
            to /= np.linalg.norm(to, axis=1, keepdims=True)
            self.spikes = to
            self.spike_heights = rng.uniform(*knobs.spiculation, count)

    def distance(
        self, x: np.ndarray, y: np.ndarray, z: float | np.ndarray
    ) -> np.ndarray:
        """Distance to the surface along the ray from the centre, in mm.

        Negative inside. `x`, `y`, `z` in mm, broadcast; float32 out.
        """
        dx, dy = x - self.centre[0], y - self.centre[1]
        dz = z - self.centre[2]
        c, s = np.cos(self.turn), np.sin(self.turn)
        rho = [(c * dx + s * dy) / self.semi[0],
               (c * dy - s * dx) / self.semi[1],
               dz / self.semi[2]]  # fmt: skip
        rho = np.stack(np.broadcast_arrays(*rho)).astype(np.float32)
        norm = np.sqrt((rho**2).sum(0)) + np.float32(1e-4)
        n = (rho / norm).reshape(3, -1)
        waves = self.waves.astype(np.float32) @ n
        waves += self.phases[:, None].astype(np.float32)
        surface = self.heights.astype(np.float32) @ np.cos(waves)
        if self.spikes is not None:
            beam = np.maximum(self.spikes.astype(np.float32) @ n, 0)
            surface += self.spike_heights.astype(np.float32) @ beam**40
        surface = 1 + surface.reshape(norm.shape)
        length = np.sqrt((dx**2 + dy**2 + dz**2) + 1e-6)
        return (length * (1 - surface / norm)).astype(np.float32)

    def _window(self, canvas: Canvas) -> tuple[slice, slice] | None:
        size = canvas.label.shape[0]
        middle = canvas.to_px(self.centre[:2])
        half = self.reach / canvas.spacing
        low = np.clip(np.floor(middle - half), 0, size).astype(int)
        high = np.clip(np.ceil(middle + half) + 1, 0, size).astype(int)
        if (high <= low).any():
            return None
        return slice(low[1], high[1]), slice(low[0], high[0])

    def _grid(self, canvas: Canvas, window) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(window[0].start, window[0].stop)
        columns = np.arange(window[1].start, window[1].stop)
        x = (columns - canvas.centre[0]) * canvas.spacing
        y = (rows - canvas.centre[1]) * canvas.spacing
        return x[None].astype(np.float32), y[:, None].astype(np.float32)

    def seen(self, z: float) -> bool:
        """Whether a slice at `z` can cut it."""
        return abs(z - self.centre[2]) < self.reach

    def render(self, hu: np.ndarray, canvas: Canvas, z: float) -> None:
        """Blend it into (size, size) float32 HU, in place."""
        window = self._window(canvas) if self.seen(z) else None
        if window is None:
            return
        x, y = self._grid(canvas, window)
        distance = self.distance(x, y, z)
        alpha = self.alpha(distance)
        if not alpha.any():
            return
        inside = self.shade(distance)
        turn = (z - self.centre[2]) / TEXTURE_REACH
        rows, columns = distance.shape
        inside += np.cos(turn) * self.texture[0][:rows, :columns]
        inside += np.sin(turn) * self.texture[1][:rows, :columns]
        part = hu[window]
        part += alpha * (inside - part)

    def alpha(self, distance: np.ndarray) -> np.ndarray:
        """Share of the lesion at a distance to its surface, 0 to 1."""
        alpha = np.clip(0.5 - distance / (2 * self.soft), 0, 1)
        return alpha * alpha * (3 - 2 * alpha)

    def shade(self, distance: np.ndarray) -> np.ndarray:
        """HU at a distance to the surface, without texture."""
        small = float(self.semi.min())
        inside = self.hu + self.rim * np.exp(
            -(((distance + 0.2 * small) / (0.18 * small + 0.6)) ** 2)
        )
        depth = np.clip(-distance / small - 0.35, 0, 0.6) / 0.6
        inside += self.core * depth
        return inside

    def mask(self, canvas: Canvas, z: float) -> np.ndarray:
        """(size, size) bool: pixels whose centre is inside, one piece."""
        out = np.zeros(canvas.label.shape, bool)
        window = self._window(canvas) if self.seen(z) else None
        if window is None:
            return out
        x, y = self._grid(canvas, window)
        inside = (self.distance(x, y, z) < 0).astype(np.uint8)
        out[window] = largest_piece(inside)
        return out

    def volume_mm3(self) -> float:
        """Volume, counted on a grid of 40 cells a side."""
        at = ((np.arange(40) + 0.5) / 20 - 1) * self.reach
        cell = (self.reach / 20) ** 3
        x, y, z = at[None, None], at[None, :, None], at[:, None, None]
        cx, cy, cz = self.centre
        return float((self.distance(x + cx, y + cy, z + cz) < 0).sum() * cell)


def largest_piece(mask: np.ndarray) -> np.ndarray:
    """The largest 8-connected piece of a uint8 mask, bool."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if count <= 2:
        return mask > 0
    return labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()
