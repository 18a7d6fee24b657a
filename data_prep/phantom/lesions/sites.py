"""Where lesions grow, and how dense they are there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anatomy.tissue import Palette
from ..anatomy.tissue import Tissue as T  # noqa: N817
from ..settings import Difficulty

LUNG = (T.LUNG, T.LUNGVESSEL, T.LUNGVESSEL_SMALL, T.LUNGVESSEL_TINY)
SOFT_WINDOW, LUNG_WINDOW = (-175, 275), (-1500, 500)


@dataclass(frozen=True)
class Site:
    """One organ or compartment.

    Attributes:
        name: The organ in truth.json.
        lesion_type: DeepLesion's coarse lesion type, 1 to 8.
        share: Of all lesions; DeepLesion's test split.
        heights: Where key slices lie, mm above the hip joints.
        home: Labels on which a lesion is centred.
        room: Labels it may cover, and `room_share` of its area must.
        max_long_mm: The maximum diameter that has room.
        window: DICOM window of the CSV.
    """

    name: str
    lesion_type: int
    share: float
    heights: tuple[float, float]
    home: tuple[int, ...]
    room: tuple[int, ...]
    room_share: float
    max_long_mm: float
    window: tuple[int, int] = SOFT_WINDOW


SITES = (
    Site('bone', 1, 0.022, (70, 560), (T.SPONGIOSA,),
         (T.SPONGIOSA, T.CORTEX), 0.75, 28),
    Site('abdomen', 2, 0.24, (205, 330), (T.VISFAT,),
         (T.VISFAT, T.MESENTERIC, T.PANCREAS, T.BOWEL), 0.8, 70),
    Site('mediastinum', 3, 0.175, (420, 575), (T.MEDFAT,),
         (T.MEDFAT, T.ESOPHAGUS, *LUNG), 0.82, 45),
    Site('liver', 4, 0.144, (270, 385), (T.LIVER,),
         (T.LIVER, T.HEPATIC), 0.9, 70),
    Site('lung', 5, 0.224, (400, 585), LUNG, LUNG, 0.75, 70, LUNG_WINDOW),
    Site('kidney', 6, 0.048, (262, 318), (T.KIDNEY, T.MEDULLA),
         (T.KIDNEY, T.MEDULLA, T.SINUS, T.VISFAT), 0.85, 45),
    Site('soft_tissue', 7, 0.07, (55, 590), (T.SUBFAT, T.MUSCLE),
         (T.SUBFAT, T.MUSCLE, T.SEPTUM), 0.9, 50),
    Site('pelvis', 8, 0.083, (60, 195), (T.VISFAT,),
         (T.VISFAT, T.MESENTERIC, T.BOWEL, T.MUSCLE), 0.75, 60),
)  # fmt: skip


def draw_site(rng: np.random.Generator) -> Site:
    """A site by DeepLesion's shares."""
    shares = np.array([site.share for site in SITES])
    return SITES[rng.choice(len(SITES), p=shares / shares.sum())]


def lesion_hu(
    rng: np.random.Generator, home: int, palette: Palette, knobs: Difficulty
) -> float:
    """Density of a lesion, or of its confuser, on the label `home`."""
    if home in LUNG:
        return rng.uniform(*knobs.lung_lesion_hu)
    contrast = {
        T.LIVER: knobs.liver_contrast_hu,
        T.KIDNEY: knobs.kidney_contrast_hu,
        T.MEDULLA: knobs.kidney_contrast_hu,
        T.MUSCLE: knobs.muscle_contrast_hu,
        T.SPONGIOSA: knobs.bone_contrast_hu,
    }.get(home)
    if contrast is None:
        return rng.uniform(*knobs.fat_lesion_hu)
    base = T.KIDNEY if home == T.MEDULLA else home
    return float(palette.hu[base]) + rng.uniform(*contrast)
