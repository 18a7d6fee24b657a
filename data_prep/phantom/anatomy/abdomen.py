"""Liver, spleen, kidneys, stomach, pancreas, bowel and their vessels."""

from __future__ import annotations

import numpy as np

from .body import Body
from .shapes import Solid, Tube, branches, smooth_path, tube, wobble
from .tissue import Tissue as T  # noqa: N817

FAT = (T.VISFAT,)
LOOSE = (T.VISFAT, T.BOWEL, T.CHYME, T.MESENTERIC)


def liver(rng: np.random.Generator, body: Body) -> list:
    """Both lobes, gall bladder, hepatic and portal branches."""
    _, y, half_x, half_y = body.cavity_frame(340)
    size = rng.uniform(0.92, 1.1)
    right = Solid(
        (-0.50 * half_x, y + 0.02 * half_y, 332.0),
        (0.66 * half_x * size, 1.05 * half_y, 98.0 * size),
        T.LIVER, FAT, power=2.3, profile=2.8, lean=(0.12, 0.0),
        waves=wobble(rng, 0.03),
    )  # fmt: skip
    left = Solid(
        (0.10 * half_x, y - 0.55 * half_y, 358.0),
        (0.55 * half_x * size, 0.40 * half_y, 52.0),
        T.LIVER, FAT, profile=2.6, angle=-0.12, waves=wobble(rng, 0.04),
    )  # fmt: skip
    gall = Solid(
        (-0.34 * half_x, y - 0.42 * half_y, rng.uniform(268, 292)),
        (rng.uniform(9, 17), rng.uniform(12, 20), 26.0),
        T.GALL, (T.LIVER, T.VISFAT), angle=rng.uniform(-0.6, 0.6),
    )  # fmt: skip
    fissure = Solid(
        (-0.02 * half_x, y - 0.30 * half_y, 335.0),
        (2.2, 0.26 * half_y, 30.0), T.VISFAT, (T.LIVER,), angle=0.25,
        lean=(0.15, 0.1), waves=wobble(rng, 0.12),
    )  # fmt: skip
    return [right, left, fissure, gall, *_liver_vessels(rng, body)]


def _liver_vessels(rng: np.random.Generator, body: Body) -> list[Tube]:
    _, y, half_x, half_y = body.cavity_frame(340)
    tubes = []
    for root in ((-20.0, body.spine_y() - 30, 382.0),
                 (-0.22 * half_x, y + 0.05 * half_y, 318.0)):  # fmt: skip
        count = 9
        start = np.repeat(np.array([root]), count, 0)
        turn = rng.uniform(1.4, 5.2, count)
        far = rng.uniform(0.45, 0.8, count)
        end = np.stack(
            [-0.45 * half_x + far * 0.55 * half_x * np.cos(turn),
             y + far * 0.9 * half_y * np.sin(turn),
             root[2] + rng.uniform(-45, 30, count)], 1,
        )  # fmt: skip
        p, r = branches(rng, start, end, rng.uniform(4.0, 6.0, count),
                        np.full(count, 1.2), 0.1, 45)  # fmt: skip
        pick = rng.integers(0, count * 45, 45)
        at, wide = p.reshape(-1, 3)[pick], r.ravel()[pick] * 0.7
        q, w = branches(rng, at, at + rng.normal(0, 22, at.shape), wide,
                        wide * 0.4, 0.12, 26)  # fmt: skip
        points = np.vstack([p.reshape(-1, 3), q.reshape(-1, 3)])
        radii = np.concatenate([r.ravel(), w.ravel()])
        tubes.append(Tube(points, radii, T.HEPATIC, (T.LIVER,)))
    return tubes


def upper_organs(rng: np.random.Generator, body: Body) -> list:
    """Spleen, stomach with its gas, pancreas."""
    _, y, half_x, half_y = body.cavity_frame(340)
    spleen = Solid(
        (0.72 * half_x, y + 0.38 * half_y, rng.uniform(338, 352)),
        (0.24 * half_x, 0.44 * half_y, rng.uniform(42, 58)),
        T.SPLEEN, FAT, power=2.3, angle=-0.35, waves=wobble(rng, 0.05),
    )  # fmt: skip
    centre = (0.42 * half_x, y - 0.42 * half_y, 338.0)
    semi = (0.34 * half_x, 0.34 * half_y, rng.uniform(48, 60))
    angle = rng.uniform(-0.3, 0.3)
    waves = wobble(rng, 0.05)
    stomach = Solid(centre, semi, T.STOMACH, FAT, angle=angle, waves=waves)
    share = rng.uniform(0.78, 0.9)
    content = Solid(centre, tuple(np.array(semi) * share), T.CONTENT,
                    (T.STOMACH,), angle=angle, waves=waves)  # fmt: skip
    gas = Solid(
        (centre[0], centre[1] - semi[1] * 0.62, centre[2] + 6),
        (semi[0] * 0.62, semi[1] * 0.30, 40.0),
        T.GAS, (T.CONTENT,), power=2.6,
    )  # fmt: skip
    s = body.spine_y()
    pancreas = tube(
        [(-34, s - 48, 272), (-12, s - 56, 292), (28, s - 52, 305),
         (0.55 * half_x, s - 28, 322)], (12.0, 8.0), T.PANCREAS, FAT,
    )  # fmt: skip
    return [stomach, content, gas, pancreas, spleen]


def kidneys(rng: np.random.Generator, body: Body) -> list:
    """Cortex, pyramids and sinus of both kidneys."""
    left = _kidney(rng, body, -1, rng.uniform(276, 290))
    return left + _kidney(rng, body, 1, rng.uniform(288, 302))


def _kidney(rng: np.random.Generator, body: Body, side: int, z: float) -> list:
    s = body.spine_y()
    x, y = side * 0.52 * body.cavity_frame(290)[2], s - 8
    semi = (rng.uniform(24, 29), rng.uniform(29, 35), 56.0)
    tilt = side * rng.uniform(-0.7, -0.3)
    over = (T.VISFAT, T.LIVER, T.SPLEEN, T.MUSCLE)
    parts: list = [
        Solid((x, y, z), semi, T.KIDNEY, over, angle=tilt,
              waves=wobble(rng, 0.04)),
    ]  # fmt: skip
    for turn in np.arange(7) * 0.9 + rng.uniform(0, 1):
        place = (
            x + 0.56 * semi[0] * np.cos(turn),
            y + 0.56 * semi[1] * np.sin(turn),
            z + rng.uniform(-26, 26),
        )
        parts.append(Solid(place, (6.5, 6.5, 17.0), T.MEDULLA, (T.KIDNEY,)))
    hilum = (x - side * 9.0, y - 3.0, z)
    sinus = Solid(hilum, (12.0, 10.0, 30.0), T.SINUS, (T.KIDNEY, T.MEDULLA),
                  angle=tilt, waves=wobble(rng, 0.1))  # fmt: skip
    between = (hilum[0] / 2, (hilum[1] + s - 28) / 2 - 6, z)
    vein = tube([hilum, between, (-side * 4, s - 28, z + 6)],
                4.5, T.VEIN, (*FAT, T.SINUS))  # fmt: skip
    return [*parts, sinus, vein]


def trunk_vessels(rng: np.random.Generator, body: Body) -> list[Tube]:
    """Caval vein, visceral stems, and the mesentery's small branches."""
    s = body.spine_y()
    _, y, half_x, half_y = body.cavity_frame(250)
    tubes = [
        tube([(-19, s - 26, 190), (-19, s - 27, 300), (-20, s - 36, 372),
              (-18, s - 44, 412)], rng.uniform(8.5, 11.5), T.VEIN,
             (T.VISFAT, T.LIVER, T.HEPATIC, T.LUNG, T.MEDFAT)),
        tube([(4, s - 42, 306), (2, s - 50, 280), (3, s - 56, 200)],
             3.6, T.MESENTERIC, LOOSE),
        tube([(-10, s - 56, 200), (-9, s - 54, 285), (-0.2 * half_x, y, 322)],
             (4.6, 7.0), T.VEIN, LOOSE),
    ]  # fmt: skip
    count = 90
    start = np.stack([rng.normal(0, 14, count), rng.normal(s - 52, 7, count),
                      rng.uniform(150, 300, count)], 1)  # fmt: skip
    turn = rng.uniform(np.pi, 2 * np.pi, count)
    far = rng.uniform(0.4, 0.9, count)
    end = np.stack([far * half_x * np.cos(turn), y + far * half_y
                    * np.sin(turn), start[:, 2] + rng.normal(0, 25, count)],
                   1)  # fmt: skip
    p, r = branches(rng, start, end, rng.uniform(1.2, 2.8, count),
                    np.full(count, 0.7), 0.15, 50)  # fmt: skip
    tubes.append(Tube(p.reshape(-1, 3), r.ravel(), T.MESENTERIC, FAT))
    return tubes


def bowel(rng: np.random.Generator, body: Body) -> list[Tube]:
    """Colon along its frame, small bowel as winding loops in the middle."""
    _, y, half_x, half_y = body.cavity_frame(230)
    dx = 0.76 * half_x
    frame = [
        (-dx, y + 0.35 * half_y, 165), (-dx, y + 0.3 * half_y, 225),
        (-0.9 * dx, y - 0.1 * half_y, 268),
        (-0.4 * dx, y - 0.62 * half_y, 252),
        (0.3 * dx, y - 0.66 * half_y, 262),
        (0.8 * dx, y - 0.35 * half_y, 300),
        (dx, y + 0.3 * half_y, 300), (dx, y + 0.4 * half_y, 220),
        (0.9 * dx, y + 0.3 * half_y, 160),
        (0.3 * dx, y + 0.3 * half_y, 135),
    ]  # fmt: skip
    frame = np.array(frame) + rng.normal(0, 7, (10, 3))
    path = smooth_path(frame, 4.0)
    along = np.arange(len(path)) * 4.0
    radii = 14.0 + 4.0 * np.cos(along / 11 + 1) * rng.uniform(0.4, 1)
    colon = Tube(path, radii * rng.uniform(0.8, 1.1), T.BOWEL, FAT)
    inner = (T.BOWEL,)
    filling = Tube(path, colon.radii - 2.2, T.FECES, inner)
    gas = _gas(rng, colon, (T.FECES,), 0.45)
    tubes = [colon, filling, gas]
    for _ in range(20):
        loop = _loop(rng, body)
        tubes += [
            loop,
            Tube(loop.points, loop.radii - 2.0, T.CHYME, inner),
            _gas(rng, loop, (T.CHYME,), 0.2),
        ]
    return tubes


def _loop(rng: np.random.Generator, body: Body) -> Tube:
    """One loop of small bowel: a bounded random walk."""
    _, y, half_x, half_y = body.cavity_frame(200)
    knots = [np.array([rng.uniform(-0.55, 0.55) * half_x,
                       y + rng.uniform(-0.75, 0.3) * half_y,
                       rng.uniform(95, 285)])]  # fmt: skip
    for _ in range(7):
        step = knots[-1] + rng.normal(0, (26, 16, 18))
        low = (-0.62 * half_x, y - 0.78 * half_y, 85)
        high = (0.62 * half_x, y + 0.35 * half_y, 300)
        knots.append(np.clip(step, low, high))
    path = smooth_path(np.array(knots), 3.5)
    radius = rng.uniform(7.5, 12.0)
    waves = 1 + 0.12 * np.cos(np.arange(len(path)) * 0.8)
    return Tube(path, radius * waves, T.BOWEL, FAT)


def _gas(
    rng: np.random.Generator, outer: Tube, over: tuple, share: float
) -> Tube:
    """Bubbles that lie at the front of stretches of a loop."""
    phase = rng.uniform(0, 2 * np.pi)
    along = np.arange(len(outer.radii))
    keep = np.cos(along * 0.09 + phase) > 1 - 2 * share
    points = outer.points[keep].copy()
    points[:, 1] -= 0.38 * outer.radii[keep]
    return Tube(points, outer.radii[keep] * 0.52, T.GAS, over)
