"""From painted labels to HU: blur, organ texture, noise, field of view."""

from __future__ import annotations

import cv2
import numpy as np

from .anatomy.canvas import Canvas
from .anatomy.noise import coarse_field, field, unit
from .anatomy.tissue import Palette
from .settings import Difficulty

REACH = 4.0  # mm of z after which a texture has changed


class Scanner:
    """Turns the canvases of one series into HU.

    Args:
        rng: Used here only: `acquire` depends on `slice_number` and not on
            the slices before.
        size: Side in pixels.
        spacing: Millimetres a pixel.
        full_circle: Whether the field of view is a circle, outside of which
            scanners store -1024.
        noise_hu: Standard deviation in the middle of the body.
        difficulty: The grain, blur and texture.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        size: int,
        spacing: float,
        full_circle: bool,
        noise_hu: float,
        difficulty: Difficulty,
    ):
        self.size = size
        self.blur_px = max(0.35, difficulty.blur_mm / spacing)
        self.seed = int(rng.integers(2**31))
        side = size + 64
        grain = max(0.3, difficulty.noise_grain_mm / spacing)
        fine = field(rng, side, (grain, grain))
        streak = field(rng, side, (12.0 / spacing, 0.8 * grain))
        self.noise = unit(fine + 0.3 * streak)
        self.texture = [
            unit(
                field(rng, side, (1.6 / spacing,) * 2)
                + 0.8 * coarse_field(rng, side, 6.0 / spacing)
            )
            * np.float32(difficulty.organ_texture)
            for _ in range(2)
        ]
        self.level, self.outside = self._frame(spacing, full_circle)
        self.level *= np.float32(noise_hu)

    def _frame(self, spacing, full_circle):
        """Noise level by place (air is quieter) and the mask outside."""
        at = np.arange(self.size, dtype=np.float32) - (self.size - 1) / 2
        radius2 = at[:, None] ** 2 + at[None] ** 2
        level = 0.45 + 0.6 * np.exp(-radius2 * (spacing / 150) ** 2)
        outside = radius2 > (self.size / 2) ** 2
        return level.astype(np.float32), outside if full_circle else None

    def density(
        self, canvas: Canvas, palette: Palette, z: float
    ) -> np.ndarray:
        """(size, size) float32 HU without noise, objects of lesions aside."""
        hu = cv2.LUT(canvas.label, palette.hu)
        hu = cv2.GaussianBlur(hu, (0, 0), self.blur_px)
        turn = z / REACH
        size = self.size
        texture = np.float32(np.cos(turn)) * self.texture[0][:size, :size]
        texture += np.float32(np.sin(turn)) * self.texture[1][:size, :size]
        texture *= cv2.LUT(canvas.label, palette.texture_hu)
        hu += texture
        return hu

    def acquire(self, hu: np.ndarray, slice_number: int) -> np.ndarray:
        """Add noise; returns (size, size) int16 HU in [-1024, 3071]."""
        rng = np.random.default_rng((self.seed, slice_number))
        dx, dy = rng.integers(0, 64, 2)
        noise = self.noise[dy : dy + self.size, dx : dx + self.size]
        if rng.random() < 0.5:
            noise = noise[:, ::-1]
        if rng.random() < 0.5:
            noise = noise[::-1]
        out = np.clip(np.rint(hu + self.level * noise), -1024, 3071)
        if self.outside is not None:
            out[self.outside] = -1024
        return out.astype(np.int16)
