"""How the two scans of a pair differ."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..settings import Difficulty


@dataclass(frozen=True)
class PairSettings:
    """Ranges of a pair; lengths in mm, a pair of numbers is a uniform draw.

    Attributes:
        size: Side of a slice in pixels.
        source_mm: Voxels of the anatomy that both scans are sampled from.
        height_mm: Height of the baseline scan.
        middle_mm: Where its middle lies, above the hip joints.
        ends_mm: How far the ends of the follow-up move along the body.
        intervals_mm: Distances of slices; each scan draws its own.
        shift_mm: Length of the patient's shift.
        turn_deg: Angle of the patient's rotation, about any axis.
        breath_mm: Largest shift by breathing, at the diaphragm.
        kept: Number of lesions in both scans, two of them near each other.
        vanished: Number of lesions in the baseline alone.
        new: Number of lesions in the follow-up alone.
        near_mm: Distance of the two near lesions.
        diameter_mm: Long diameter at baseline.
        least_mm: Least long diameter at either scan.
        growth: Factors of the diameter: shrinking, stable or growing.
        other_phase: Share of follow-ups in another phase of contrast medium.
        noise_hu: Noise in the middle of the body.
        difficulty: Knobs of the lesions and of the scanner; `noise_hu` above
            counts, not theirs.
    """

    size: int = 512
    source_mm: float = 1.5
    height_mm: tuple[float, float] = (220.0, 320.0)
    middle_mm: tuple[float, float] = (290.0, 470.0)
    ends_mm: tuple[float, float] = (-25.0, 25.0)
    intervals_mm: tuple[float, ...] = (1.25, 2.0, 2.5, 3.0, 5.0)
    shift_mm: tuple[float, float] = (0.0, 40.0)
    turn_deg: tuple[float, float] = (0.0, 5.0)
    breath_mm: tuple[float, float] = (0.0, 20.0)
    kept: tuple[int, int] = (3, 6)
    vanished: tuple[int, int] = (0, 2)
    new: tuple[int, int] = (0, 2)
    near_mm: tuple[float, float] = (14.0, 30.0)
    diameter_mm: tuple[float, float] = (9.0, 32.0)
    least_mm: float = 6.0
    growth: tuple[tuple[float, float], ...] = (
        (0.55, 0.85), (0.93, 1.07), (1.2, 1.7),
    )  # fmt: skip
    other_phase: float = 0.3
    noise_hu: tuple[float, float] = (7.0, 17.0)
    difficulty: Difficulty = field(default_factory=Difficulty)
