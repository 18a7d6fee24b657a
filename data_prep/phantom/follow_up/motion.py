"""How a patient lies and breathes at the follow-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..anatomy.body import DOME, Body
from .settings import PairSettings

# Where breathing moves most, and how far that reaches along the body, mm.
DIAPHRAGM_MM, REACH_MM = DOME - 30.0, 75.0
# The wall of the belly rises by a share of what the diaphragm falls.
FORWARD_SHARE = 0.35
# Near the spine hardly anything moves.
BACK_SHARE = 0.15


@dataclass(frozen=True, eq=False)
class Motion:
    """From the patient at baseline to the patient at follow-up.

    Attributes:
        shift_mm: Left, posterior, superior, (3,).
        rotation: (3, 3), about `center_mm`.
        center_mm: (3,).
        breath_mm: Shift at the diaphragm, in front; positive is to the feet.
        back_mm, front_mm: y of the spine and of the wall of the belly.
    """

    shift_mm: np.ndarray
    rotation: np.ndarray
    center_mm: np.ndarray
    breath_mm: float
    back_mm: float
    front_mm: float

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        body: Body,
        middle_mm: float,
        settings: PairSettings,
    ) -> Motion:
        """A random motion."""
        from scipy.spatial.transform import Rotation

        angle = np.radians(rng.uniform(*settings.turn_deg))
        rotation = Rotation.from_rotvec(angle * _direction(rng)).as_matrix()
        breath = rng.uniform(*settings.breath_mm) * rng.choice([-1, 1])
        return cls(
            rng.uniform(*settings.shift_mm) * _direction(rng),
            rotation,
            np.array([0.0, 0.0, middle_mm]),
            float(breath),
            body.spine_y(),
            -body.half_y,
        )

    def to_baseline(self, points_mm: np.ndarray) -> np.ndarray:
        """Where points of the follow-up were at baseline, (..., 3).

        The rigid motion is undone first. Breathing then moves z and y:
        towards the feet by `breath_mm` in front of the diaphragm, and by a
        normal curve less above and below.
        """
        away = points_mm - self.shift_mm - self.center_mm
        points: Any = away @ self.rotation + self.center_mm
        along = (points[..., 2] - DIAPHRAGM_MM) / REACH_MM
        depth = (self.back_mm - points[..., 1]) / (
            self.back_mm - self.front_mm
        )
        depth = np.clip(depth, 0, 1)
        # 3 d^2 - 2 d^3 rises smoothly from the spine to the front.
        share = BACK_SHARE + (1 - BACK_SHARE) * depth**2 * (3 - 2 * depth)
        breath = self.breath_mm * np.exp(-(along**2) / 2) * share
        points[..., 2] += breath
        points[..., 1] += FORWARD_SHARE * breath
        return points

    def rigid(self) -> np.ndarray:
        """(4, 4), from baseline to follow-up, without breathing."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation
        matrix[:3, 3] = (
            self.shift_mm + self.center_mm - self.rotation @ self.center_mm
        )
        return matrix


def _direction(rng: np.random.Generator) -> np.ndarray:
    way = rng.standard_normal(3)
    return way / np.linalg.norm(way)
