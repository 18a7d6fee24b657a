"""What a slice is painted with: labels, their HU and their texture."""

from __future__ import annotations

from enum import IntEnum, auto

import numpy as np


class Tissue(IntEnum):
    """Labels of the anatomy; `FIRST_FREE` and above are one object each."""

    AIR = 0
    TABLE = auto()
    PAD = auto()
    SKIN = auto()
    SUBFAT = auto()
    MUSCLE = auto()
    SEPTUM = auto()
    LUNG = auto()
    VISFAT = auto()
    MEDFAT = auto()
    HEART = auto()
    BLOOD = auto()
    AORTA = auto()
    VEIN = auto()
    PULMONARY = auto()
    AIRWAY = auto()
    ESOPHAGUS = auto()
    LUNGVESSEL = auto()
    LUNGVESSEL_SMALL = auto()
    LUNGVESSEL_TINY = auto()
    LIVER = auto()
    HEPATIC = auto()
    GALL = auto()
    SPLEEN = auto()
    PANCREAS = auto()
    KIDNEY = auto()
    MEDULLA = auto()
    SINUS = auto()
    STOMACH = auto()
    CONTENT = auto()
    BOWEL = auto()
    CHYME = auto()
    FECES = auto()
    GAS = auto()
    MESENTERIC = auto()
    BLADDER = auto()
    UTERUS = auto()
    CORTEX = auto()
    SPONGIOSA = auto()
    DISC = auto()
    CARTILAGE = auto()
    CANAL = auto()
    FIRST_FREE = auto()


# Density in HU without contrast medium, and texture (standard deviation, HU).
PLAIN = {
    Tissue.AIR: (-1000, 0),
    Tissue.TABLE: (260, 20),
    Tissue.PAD: (-925, 4),
    Tissue.SKIN: (15, 5),
    Tissue.SUBFAT: (-105, 6),
    Tissue.MUSCLE: (55, 9),
    Tissue.SEPTUM: (-55, 12),
    Tissue.LUNG: (-865, 13),
    Tissue.VISFAT: (-102, 7),
    Tissue.MEDFAT: (-95, 8),
    Tissue.HEART: (48, 5),
    Tissue.BLOOD: (44, 4),
    Tissue.AORTA: (42, 3),
    Tissue.VEIN: (41, 3),
    Tissue.PULMONARY: (43, 3),
    Tissue.AIRWAY: (-985, 0),
    Tissue.ESOPHAGUS: (38, 10),
    Tissue.LUNGVESSEL: (35, 5),
    Tissue.LUNGVESSEL_SMALL: (-260, 10),
    Tissue.LUNGVESSEL_TINY: (-590, 15),
    Tissue.LIVER: (58, 7),
    Tissue.HEPATIC: (43, 4),
    Tissue.GALL: (10, 3),
    Tissue.SPLEEN: (48, 6),
    Tissue.PANCREAS: (40, 14),
    Tissue.KIDNEY: (34, 6),
    Tissue.MEDULLA: (28, 5),
    Tissue.SINUS: (-45, 25),
    Tissue.STOMACH: (42, 8),
    Tissue.CONTENT: (12, 8),
    Tissue.BOWEL: (44, 8),
    Tissue.CHYME: (22, 10),
    Tissue.FECES: (-90, 120),
    Tissue.GAS: (-960, 0),
    Tissue.MESENTERIC: (40, 4),
    Tissue.BLADDER: (6, 2),
    Tissue.UTERUS: (52, 10),
    Tissue.CORTEX: (720, 110),
    Tissue.SPONGIOSA: (190, 45),
    Tissue.DISC: (85, 8),
    Tissue.CARTILAGE: (105, 12),
    Tissue.CANAL: (22, 6),
}

# What contrast medium adds, in HU, in its arterial and portal venous phase.
ENHANCEMENT = {
    Tissue.MUSCLE: (3, 10),
    Tissue.HEART: (50, 60),
    Tissue.BLOOD: (190, 105),
    Tissue.AORTA: (250, 115),
    Tissue.VEIN: (45, 95),
    Tissue.PULMONARY: (190, 100),
    Tissue.LUNGVESSEL: (90, 60),
    Tissue.LIVER: (12, 55),
    Tissue.HEPATIC: (22, 105),
    Tissue.SPLEEN: (75, 75),
    Tissue.PANCREAS: (55, 50),
    Tissue.KIDNEY: (140, 145),
    Tissue.MEDULLA: (35, 110),
    Tissue.STOMACH: (25, 35),
    Tissue.BOWEL: (35, 45),
    Tissue.MESENTERIC: (110, 95),
    Tissue.UTERUS: (20, 45),
    Tissue.ESOPHAGUS: (10, 20),
    Tissue.SPONGIOSA: (0, 10),
}

PHASES = (None, 0, 1)
PHASE_SHARES = (0.2, 0.25, 0.55)


class Palette:
    """HU and texture of the 256 labels of one patient.

    Attributes:
        hu: (256,) float32, HU.
        texture_hu: (256,) float32, standard deviation in HU.
    """

    def __init__(self, rng: np.random.Generator):
        self.hu = np.zeros(256, np.float32)
        self.texture_hu = np.zeros(256, np.float32)
        phase = PHASES[rng.choice(3, p=PHASE_SHARES)]
        strength = rng.uniform(0.8, 1.15)
        for label, (hu, texture) in PLAIN.items():
            added = ENHANCEMENT.get(label, (0, 0))
            gain = 0.0 if phase is None else strength * added[phase]
            jitter = rng.normal(0, 3) if label != Tissue.AIR else 0.0
            self.hu[label] = hu + gain + jitter
            self.texture_hu[label] = texture
        self._drink(rng)

    def _drink(self, rng: np.random.Generator) -> None:
        """A third of the patients drank contrast medium."""
        if rng.random() < 0.35:
            self.hu[Tissue.CHYME] = rng.uniform(120, 280)
            self.hu[Tissue.CONTENT] = rng.uniform(120, 280)

    def copy(self) -> Palette:
        """A copy that can take the objects of one key slice."""
        other = object.__new__(Palette)
        other.hu = self.hu.copy()
        other.texture_hu = self.texture_hu.copy()
        return other

    def add(self, index: int, hu: float, texture_hu: float) -> int:
        """Give the `index`-th object of a key slice a label of its own."""
        label = int(Tissue.FIRST_FREE) + index
        if label > 255:
            raise ValueError(f'a slice holds 213 objects at most: {index}')
        self.hu[label] = hu
        self.texture_hu[label] = texture_hu
        return label
