"""Which lesions grow on a key slice, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anatomy.tissue import Palette
from ..anatomy.tissue import Tissue as T  # noqa: N817
from ..settings import Settings
from .diameters import measure_recist
from .lesion import PhantomLesion, draw_size
from .placement import Placer
from .sites import SITES, Site, lesion_hu

TRIES = 8
OUTSIDE = (T.AIR, T.TABLE, T.PAD, T.SKIN)
SPIKED_SHARE = 0.75  # of the lung's lesions


@dataclass(frozen=True)
class PlacedLesion:
    """A lesion on its key slice.

    Attributes:
        lesion: The lump.
        site: Where it grew.
        mask: (H, W) bool, what is lesion on the key slice.
        recist_px: (4, 2) ends of the long, then of the short diameter, pixel
            centres at integers.
        annotated: Whether the CSV has a row for it.
    """

    lesion: PhantomLesion
    site: Site
    mask: np.ndarray
    recist_px: np.ndarray
    annotated: bool


def grow(
    rng: np.random.Generator,
    placer: Placer,
    site: Site,
    z: float,
    palette: Palette,
    settings: Settings,
) -> list[PlacedLesion]:
    """The lesions of a key slice at `z`, at least one of them annotated."""
    annotated = 1 + _count(rng, settings.difficulty.lesions_per_image - 1)
    share = settings.unannotated
    hidden = _count(rng, annotated * share / (1 - share))
    findings: list[PlacedLesion] = []
    for number in range(annotated + hidden):
        sites = [site] if number == 0 else []
        sites += _others(rng, placer, z)
        finding = _first_that_grows(
            rng, placer, sites, z, palette, settings, number < annotated
        )
        if finding is None and number == 0:
            raise RuntimeError(f'no lesion found room at {z:.0f} mm')
        if finding is not None:
            findings.append(finding)
    return findings


def _count(rng: np.random.Generator, mean: float) -> int:
    """An integer of this mean, one of its two neighbours."""
    return int(mean) + int(rng.random() < mean - int(mean))


def _others(rng: np.random.Generator, placer: Placer, z: float) -> list[Site]:
    """The sites that the slice shows, in a random order by their shares."""
    shown = [
        site
        for site in SITES
        if site.heights[0] <= z <= site.heights[1]
        and placer.share(site.home) > 0.002
    ]
    keys = [rng.exponential(1 / site.share) for site in shown]
    return [shown[k] for k in np.argsort(keys)]


def _first_that_grows(
    rng, placer, sites, z, palette, settings, annotated
) -> PlacedLesion | None:
    for site in sites:
        size = draw_size(rng, settings.difficulty, site.max_long_mm)
        for _ in range(TRIES):
            finding = _try(
                rng, placer, site, z, size, palette, settings, annotated
            )
            if finding is not None:
                return finding
            size = tuple(max(0.85 * v, 3.0) for v in size)
            if size[0] < settings.difficulty.min_long_mm:
                break
    return None


def fits(mask: np.ndarray, label: np.ndarray, site: Site) -> bool:
    """Whether a lesion lies inside body and picture, mostly in its site."""
    if not mask.any() or mask[[0, -1]].any() or mask[:, [0, -1]].any():
        return False
    under = label[mask]
    if np.isin(under, OUTSIDE).any():
        return False
    return np.isin(under, site.room).mean() >= site.room_share - 0.1


def _try(
    rng, placer, site, z, size, palette, settings, annotated
) -> PlacedLesion | None:
    """Place, grow and measure once; None where it does not fit."""
    knobs = settings.difficulty
    place = placer.find(
        rng,
        site.home,
        site.room,
        site.room_share,
        float(np.sqrt(np.prod(size))),
    )
    if place is None:
        return None
    canvas = placer.canvas
    column, row = np.rint(canvas.to_px(place)).astype(int)
    edge = canvas.label.shape[0] - 1
    home = int(canvas.label[np.clip(row, 0, edge), np.clip(column, 0, edge)])
    hu = lesion_hu(rng, home if home in site.home else site.home[0],
                   palette, knobs)  # fmt: skip
    spiked = site.name == 'lung' and rng.random() < SPIKED_SHARE
    height = z + rng.uniform(-0.2, 0.2) * size[1] / 2
    lesion = PhantomLesion(rng, (*place, height), size, hu, spiked,
                    canvas.spacing, knobs)  # fmt: skip
    mask = lesion.mask(canvas, z)
    if not fits(mask, canvas.label, site):
        return None
    recist = measure_recist(mask, rng)
    if recist is None:
        return None
    placer.occupy(place, float(np.linalg.norm(recist[1] - recist[0]))
                  * canvas.spacing / 2)  # fmt: skip
    return PlacedLesion(lesion, site, mask, recist, annotated)
