"""Free places on a key slice."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ..anatomy.canvas import Canvas, label_table

MARGIN_MM = 3.0


class Placer:
    """Finds places for lesions and confusers on one painted slice.

    Args:
        canvas: The anatomy of the key slice, at full size; places are found
            on every second pixel.
        circle: Whether only the inscribed circle is measured.
    """

    def __init__(self, canvas: Canvas, circle: bool):
        self.canvas = canvas
        self.label = canvas.label[::2, ::2]
        self.step = canvas.spacing * 2
        side = self.label.shape[0]
        self.free = np.zeros_like(self.label)
        edge = max(2, side // 64)
        if circle:
            middle = (side // 2, side // 2)
            cv2.circle(self.free, middle, side // 2 - edge, 1, -1)
        else:
            self.free[edge:-edge, edge:-edge] = 1

    def share(self, labels: Iterable[int]) -> float:
        """Share of the slice's free pixels that carry these labels."""
        hits = cv2.LUT(self.label, label_table(labels)) & self.free
        return float(hits.mean())

    def find(
        self,
        rng: np.random.Generator,
        home: Iterable[int],
        room: Iterable[int],
        room_share: float,
        diameter_mm: float,
        within: np.ndarray | None = None,
    ) -> np.ndarray | None:
        """A random centre (x, y) in mm, None where there is no room.

        The centre lies on `home`, and `room_share` of a square of the
        diameter around it on free pixels of `room`. `within` limits it
        further, bool of the shape of `free`.
        """
        width = max(1, round(0.89 * diameter_mm / self.step))
        roomy = cv2.LUT(self.label, label_table(room)) & self.free
        cover = cv2.blur(roomy * np.uint8(255), (width, width))
        at_home = cv2.LUT(self.label, label_table(home)) & self.free
        allowed = (cover >= 255 * room_share) & (at_home > 0)
        good = np.flatnonzero(allowed if within is None else allowed & within)
        if not good.size:
            return None
        row, column = divmod(int(rng.choice(good)), self.label.shape[1])
        jitter = rng.uniform(-0.5, 0.5, 2)
        place = (np.array([column, row]) + jitter) * 2
        return (place - self.canvas.centre) * self.canvas.spacing

    def occupy(self, centre_mm: np.ndarray, radius_mm: float) -> None:
        """Keep later objects away from a disc."""
        x, y = np.rint(self.canvas.to_px(centre_mm) / 2).astype(int).tolist()
        radius = int((radius_mm + MARGIN_MM) / self.step) + 1
        cv2.circle(self.free, (x, y), radius, 0, -1)
