"""A pair of scans with known truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmuldor.classes import LESION_TYPES
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume

from ..anatomy.anatomy import Anatomy
from ..anatomy.body import Body
from ..anatomy.tissue import Palette
from .growing import PairLesion, draw_lesions
from .motion import Motion
from .scan import ScanPlan, make_scan
from .settings import PairSettings
from .source import Source

# The anatomy ends at the hip joints and above the shoulders.
LOWEST_MM, HIGHEST_MM = 20.0, 630.0
# Distance of lesions from the ends of the baseline scan.
INSIDE_MM = 22.0


@dataclass(frozen=True, eq=False)
class ScanPair:
    """Two scans of a patient.

    Attributes:
        baseline: The first scan.
        follow_up: The second scan.
        lesions: What grew, one entry a lesion.
        in_baseline: Each measured in the first scan; None if it is not there
            or not whole.
        in_follow_up: Likewise.
        motion: How the patient moved.
    """

    baseline: Volume
    follow_up: Volume
    lesions: list[PairLesion]
    in_baseline: list[Lesion | None]
    in_follow_up: list[Lesion | None]
    motion: Motion

    def facts(self) -> dict[str, Any]:
        """The truth, for a JSON file: how it moved, and the pairs.

        Lesion numbers are those of :meth:`found`.
        """
        numbers = _numbers(self.in_baseline), _numbers(self.in_follow_up)
        return {
            'shift_mm': self.motion.shift_mm.round(3).tolist(),
            'rotation_deg': round(_angle(self.motion.rotation), 3),
            'breath_mm': round(self.motion.breath_mm, 3),
            'rigid_lps': self.motion.rigid().round(6).tolist(),
            'lesions': [
                {
                    'site': lesion.site.name,
                    'at_baseline': lesion.baseline is not None,
                    'at_follow_up': lesion.follow_up is not None,
                    'baseline_number': numbers[0][k],
                    'follow_up_number': numbers[1][k],
                }
                for k, lesion in enumerate(self.lesions)
            ],
        }

    def found(self) -> tuple[list[Lesion], list[Lesion]]:
        """The lesions that each scan shows, in the order of `lesions`."""
        first, second = (
            [lesion for lesion in lesions if lesion is not None]
            for lesions in (self.in_baseline, self.in_follow_up)
        )
        return first, second


def make_pair(seed: int, settings: PairSettings | None = None) -> ScanPair:
    """Two scans of a random patient; the same seed gives the same voxels.

    Args:
        seed: 0 or more.
        settings: How the scans differ; by default the ranges of
            :class:`PairSettings`.

    Raises:
        RuntimeError: If a lesion finds no room.
    """
    settings = settings or PairSettings()
    rng = np.random.default_rng((seed, 19))
    anatomy = Anatomy((seed, 19))
    middle = rng.uniform(*settings.middle_mm)
    half = rng.uniform(*settings.height_mm) / 2
    ends = max(LOWEST_MM, middle - half), min(HIGHEST_MM, middle + half)
    motion = Motion.draw(rng, anatomy.body, middle, settings)
    lesions = draw_lesions(
        rng, anatomy, ends[0] + INSIDE_MM, ends[1] - INSIDE_MM, settings
    )
    plans = _plans(rng, anatomy.body, ends, motion, settings)
    palettes = [anatomy.palette, anatomy.palette]
    if rng.random() < settings.other_phase:
        palettes[1] = Palette(np.random.default_rng((seed, 19, 1)))
    grown = (
        [lesion.baseline for lesion in lesions],
        [lesion.follow_up for lesion in lesions],
    )
    source = _source(anatomy, plans, settings)
    scans = [
        make_scan(
            np.random.default_rng((seed, 19, 2, k)),
            plans[k],
            source,
            anatomy.body,
            palettes[k],
            grown[k],
            [LESION_TYPES[lesion.site.lesion_type] for lesion in lesions],
            settings,
            name,
        )
        for k, name in enumerate(('baseline', 'follow_up'))
    ]
    (first, in_first), (second, in_second) = scans
    return ScanPair(first, second, lesions, in_first, in_second, motion)


def _plans(
    rng: np.random.Generator,
    body: Body,
    ends_mm: tuple[float, float],
    motion: Motion,
    settings: PairSettings,
) -> tuple[ScanPlan, ScanPlan]:
    """Grids of both scans; `ends_mm` are heights at baseline."""
    shift = motion.shift_mm
    ends = np.array(ends_mm) + rng.uniform(*settings.ends_mm, 2)
    ends = np.clip(ends, LOWEST_MM, HIGHEST_MM) + shift[2]
    return (
        ScanPlan.draw(rng, body, ends_mm, np.zeros(2), settings, np.array),
        ScanPlan.draw(
            rng, body, tuple(ends), shift[:2], settings, motion.to_baseline
        ),
    )


def _source(
    anatomy: Anatomy, plans: Sequence[ScanPlan], settings: PairSettings
) -> Source:
    """The anatomy wherever one of the scans shows it."""
    reach = np.concatenate([_heights(plan) for plan in plans])
    low, high = max(0.0, reach.min() - 3), reach.max() + 3
    return Source.of(anatomy, low, high, settings.source_mm)


def _heights(plan: ScanPlan) -> np.ndarray:
    """z of the anatomy at the corners of the first and the last slice."""
    ends = (0, plan.shape[0] - 1)
    return np.array([plan.points(k)[..., 2] for k in ends]).reshape(-1)


def _numbers(found: list[Lesion | None]) -> list[int | None]:
    """Numbers from 1 of those that are there."""
    numbers, count = [], 0
    for lesion in found:
        count += lesion is not None
        numbers.append(None if lesion is None else count)
    return numbers


def _angle(rotation: np.ndarray) -> float:
    cosine = np.clip((np.trace(rotation) - 1) / 2, -1, 1)
    return float(np.degrees(np.arccos(cosine)))
