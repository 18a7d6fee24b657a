"""The lesions of a pair of scans: where they grow and how they change."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np

from ..anatomy.anatomy import Anatomy, paint
from ..anatomy.canvas import Canvas
from ..lesions.lesion import PhantomLesion
from ..lesions.placement import MARGIN_MM, Placer
from ..lesions.sites import SITES, Site, lesion_hu
from .settings import PairSettings

# Places for a lesion, then all lesions anew: one may leave no room beside it.
TRIES, RESTARTS = 40, 100
SITE_SHARE = 0.75
SPACING_MM, SIZE = 1.2, 384


@dataclass(frozen=True, eq=False)
class PairLesion:
    """A lesion at two time points; None where it is not there.

    Attributes:
        site: Where it grew.
        baseline: At baseline.
        follow_up: At follow-up, in the frame of the baseline's anatomy.
    """

    site: Site
    baseline: PhantomLesion | None
    follow_up: PhantomLesion | None

    @property
    def center_mm(self) -> np.ndarray:
        """x y z in the anatomy of the baseline, (3,)."""
        lesion = self.baseline or self.follow_up
        assert lesion is not None
        return lesion.centre

    @property
    def radius_mm(self) -> float:
        """Of the larger of both, with bumps."""
        found = [x for x in (self.baseline, self.follow_up) if x is not None]
        return max(float(lesion.semi.max()) for lesion in found) * 1.2


def draw_lesions(
    rng: np.random.Generator,
    anatomy: Anatomy,
    low: float,
    high: float,
    settings: PairSettings,
) -> list[PairLesion]:
    """Lesions between two heights; the first two are near each other.

    Raises:
        RuntimeError: If no room is found.
    """
    counts = [
        int(rng.integers(few, many + 1))
        for few, many in (settings.kept, settings.vanished, settings.new)
    ]
    seen = [(True, True)] * counts[0]
    seen += [(True, False)] * counts[1] + [(False, True)] * counts[2]
    for _ in range(RESTARTS):
        drawer = _Drawer(rng, anatomy, (low, high), settings)
        if all(
            drawer.add(before, after, near=number == 1)
            for number, (before, after) in enumerate(seen)
        ):
            return drawer.lesions
    raise RuntimeError(
        f'the lesions of a follow-up pair found no room in {RESTARTS} tries'
    )


class _Drawer:
    """Places one lesion after the other."""

    def __init__(
        self,
        rng: np.random.Generator,
        anatomy: Anatomy,
        heights: tuple[float, float],
        settings: PairSettings,
    ) -> None:
        self._rng, self._anatomy = rng, anatomy
        self._heights, self._settings = heights, settings
        self.lesions: list[PairLesion] = []

    def add(self, before: bool, after: bool, near: bool) -> bool:
        """Place a lesion, `near` the first one or not, if there is room."""
        for attempt in range(TRIES):
            size = self._diameters() * 0.98**attempt
            # The first one leaves room for its neighbour.
            if not self.lesions:
                size *= min(1.0, 0.8 * self._settings.near_mm[1] / size.max())
            size = np.maximum(size, self._settings.least_mm)
            lesion = self._try(size, before, after, near)
            if lesion is not None:
                self.lesions.append(lesion)
                return True
        return False

    def _diameters(self) -> np.ndarray:
        """Long diameters at baseline and at follow-up, (2,)."""
        rng, settings = self._rng, self._settings
        before = rng.uniform(*settings.diameter_mm)
        change = settings.growth[rng.integers(len(settings.growth))]
        return np.array([before, before * rng.uniform(*change)])

    def _try(
        self, size: np.ndarray, before: bool, after: bool, near: bool
    ) -> PairLesion | None:
        rng = self._rng
        largest = float(size.max())
        z, wanted = self._height(near)
        sites = [
            site
            for site in SITES
            if site.heights[0] <= z <= site.heights[1]
            and site.max_long_mm >= largest
        ]
        if not sites:
            return None
        shares = np.array([site.share for site in sites])
        site = sites[rng.choice(len(sites), p=shares / shares.sum())]
        if near:
            site = self.lesions[0].site
        canvas = Canvas(SIZE, SPACING_MM, ((SIZE - 1) / 2,) * 2)
        parts = self._anatomy.section(z - 6, z + 6, 2.0)
        placer = Placer(paint(parts, canvas, z), circle=False)
        ring = None
        if near:
            ring = _ring(placer, self.lesions[0].center_mm, wanted)
        place = placer.find(
            rng, site.home, site.room, SITE_SHARE, largest, ring
        )
        if place is None:
            return None
        center = np.array([*place, z])
        if not self._is_free(center, 0.6 * largest):
            return None
        hu = lesion_hu(
            rng, site.home[0], self._anatomy.palette, self._settings.difficulty
        )
        shape = float(rng.uniform(0.6, 1.0))
        lesion = PhantomLesion(
            rng,
            tuple(center),
            (size[0], size[0] * shape),
            hu,
            False,
            SPACING_MM,
            self._settings.difficulty,
        )
        grown = _scaled(lesion, float(size[1] / size[0]))
        return PairLesion(
            site, lesion if before else None, grown if after else None
        )

    def _height(self, near: bool) -> tuple[float, float]:
        """Height of a lesion, and the distance in its slice to the first."""
        low, high = self._heights
        if not near:
            return float(self._rng.uniform(low, high)), 0.0
        away = self._rng.uniform(*self._settings.near_mm)
        up = self._rng.uniform(-0.5, 0.5) * away
        z = float(self.lesions[0].center_mm[2] + up)
        return z, float(np.sqrt(away**2 - up**2))

    def _is_free(self, center: np.ndarray, radius_mm: float) -> bool:
        return all(
            np.linalg.norm(center - other.center_mm)
            > radius_mm + other.radius_mm
            for other in self.lesions
        )


def _ring(placer: Placer, center_mm: np.ndarray, away_mm: float) -> np.ndarray:
    """What lies at a distance to a centre, within 3 mm, bool."""
    canvas = placer.canvas
    at = [
        (np.arange(0, canvas.label.shape[0], 2) - canvas.centre[k])
        * canvas.spacing
        - center_mm[k]
        for k in (0, 1)
    ]
    distance = np.hypot(at[0][None], at[1][:, None])
    return np.abs(distance - away_mm) <= MARGIN_MM


def _scaled(lesion: PhantomLesion, factor: float) -> PhantomLesion:
    """The same shape, larger or smaller."""
    scaled = copy.copy(lesion)
    scaled.semi = lesion.semi * factor
    scaled.reach = float(scaled.semi.max()) * 1.6 + 3
    return scaled
