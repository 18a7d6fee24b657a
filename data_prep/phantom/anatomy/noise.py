"""Smooth random fields."""

from __future__ import annotations

import cv2
import numpy as np


def field(
    rng: np.random.Generator, side: int, sigma_px: tuple[float, float]
) -> np.ndarray:
    """(side, side) float32 blurred white noise of unit variance."""
    white = rng.standard_normal((side, side), dtype=np.float32)
    return unit(
        cv2.GaussianBlur(white, (0, 0), sigma_px[0], sigmaY=sigma_px[1])
    )


def coarse_field(
    rng: np.random.Generator, side: int, sigma_px: float
) -> np.ndarray:
    """`field` for a wide blur, made at a quarter of the resolution."""
    small = field(rng, -(-side // 4) + 2, (sigma_px / 4,) * 2)
    large = cv2.resize(small, None, fx=4, fy=4)
    return large[:side, :side]


def unit(image: np.ndarray) -> np.ndarray:
    """Scale to a standard deviation of one."""
    return image / image.std()
