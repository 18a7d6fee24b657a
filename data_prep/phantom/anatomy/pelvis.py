"""Bladder, rectum, womb or prostate, iliac vessels and psoas."""

from __future__ import annotations

import numpy as np

from .body import Body
from .shapes import Solid, Tube, tube, wobble
from .tissue import Tissue as T  # noqa: N817

FAT = (T.VISFAT,)


def organs(rng: np.random.Generator, body: Body) -> list:
    """What lies in the small pelvis."""
    _, y, half_x, half_y = body.cavity_frame(80)
    fill = rng.uniform(0.6, 1.1)
    bladder = Solid(
        (rng.normal(0, 4), y - 0.35 * half_y, 62.0),
        (0.5 * half_x * fill, 0.45 * half_y * fill, 38.0 * fill),
        T.BLADDER, (*FAT, T.BOWEL, T.CHYME), power=2.3,
        waves=wobble(rng, 0.03),
    )  # fmt: skip
    middle = Solid(
        (rng.normal(0, 5), y + 0.28 * half_y,
         80.0 if body.sex == 'F' else 30.0),
        (rng.uniform(20, 32), rng.uniform(16, 24), 30.0),
        T.UTERUS, FAT, waves=wobble(rng, 0.06),
    )  # fmt: skip
    rectum = tube(
        [(0, y + 0.72 * half_y, 0), (3, y + 0.75 * half_y, 60),
         (14, y + 0.66 * half_y, 110), (0.5 * half_x, y + 0.3 * half_y, 140)],
        rng.uniform(12, 17), T.BOWEL, FAT,
    )  # fmt: skip
    inside = Tube(rectum.points, rectum.radii - 2.4, T.FECES, (T.BOWEL,))
    gas = rectum.inner(0.4, T.GAS, 0.3)
    gas.over = (T.FECES,)
    return [rectum, inside, gas, middle, bladder]


def vessels(rng: np.random.Generator, body: Body) -> list[Tube]:
    """Common, outer and inner iliac arteries and veins."""
    s = body.spine_y()
    a, b = body.half(60)
    over = (*FAT, T.MUSCLE, T.SEPTUM)
    tubes = []
    for side in (-1, 1):
        jitter = rng.normal(0, 4, 3)
        groin = (side * (0.42 * a + jitter[0]), -0.42 * b, 0)
        middle = (side * (0.34 * a + jitter[1]), -0.05 * b, 90)
        for label, radius, shift in (
            (T.VEIN, 6.4, (-side * 3.0, 11.0)), (T.AORTA, 5.0, (0.0, 0.0)),
        ):  # fmt: skip
            dx, dy = shift
            stem = [(side * 4 + (label == T.VEIN) * -12, s - 28 + dy * 0.3,
                     200), (side * 30 + dx, s - 26 + dy, 150),
                    (middle[0] + dx, middle[1] + dy, middle[2]),
                    (groin[0] + dx, groin[1] + dy, groin[2])]  # fmt: skip
            tubes.append(tube(stem, radius, label, over))
            deep = [stem[1], (side * 48 + dx, s - 12 + dy, 110),
                    (side * 58, s + 2 + dy * 0.5, 50)]  # fmt: skip
            tubes.append(tube(deep, (0.8 * radius, 2.5), label, over))
    return tubes


def muscles(body: Body) -> list[Solid]:
    """Psoas and iliacus inside, gluteal septa are the wall's."""
    s = body.spine_y()
    out = []
    for side in (-1, 1):
        out.append(Solid((side * 41, s - 2, 175.0), (17, 21, 130.0),
                         T.MUSCLE, FAT, profile=3.5,
                         lean=(-side * 0.12, 0.10)))  # fmt: skip
        out.append(Solid((side * 0.52 * body.half_x, 0.12 * body.half_y,
                          120.0), (24, 30, 70.0), T.MUSCLE, FAT,
                         profile=3.0, angle=side * 0.5))  # fmt: skip
    return out
