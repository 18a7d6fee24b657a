"""Mediastinum, heart, great vessels, airways and the lungs' vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .body import LUNG_BASE, Body
from .canvas import Canvas
from .shapes import Solid, Tube, branches, tube, wobble
from .tissue import Tissue as T  # noqa: N817

INNER = (T.LUNG, T.MEDFAT)


@dataclass
class Mediastinum:
    """The fat between the lungs, from the breast bone to the spine."""

    body: Body
    width: float

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint it over the lung."""
        if z <= LUNG_BASE:
            return
        _, y, _, half_y = self.body.cavity_frame(z)
        spine = self.body.spine_y()
        w = self.width * float(
            np.interp(z, (330, 420, 500, 560, 640), (0.9, 1.0, 1.0, 1.1, 1.5))
        )
        right = [(7, y - half_y - 3), (0.3 * w, y - 0.75 * half_y),
                 (w, y - 0.35 * half_y), (w * 0.95, y + 0.1 * half_y),
                 (0.72 * w, spine - 10), (27, spine + 4)]  # fmt: skip
        left = [(-x * 0.92, v) for x, v in right[::-1]]
        canvas.fill(chaikin(np.array(right + left)), T.MEDFAT, (T.LUNG,))


def chaikin(polygon: np.ndarray, rounds: int = 3) -> np.ndarray:
    """Cut the corners of a closed (N, 2) polygon."""
    for _ in range(rounds):
        ahead = np.roll(polygon, -1, axis=0)
        polygon = np.stack(
            [0.75 * polygon + 0.25 * ahead, 0.25 * polygon + 0.75 * ahead], 1
        ).reshape(-1, 2)
    return polygon


def heart(rng: np.random.Generator, body: Body) -> list[Solid]:
    """Pericardial fat, muscle and four chambers."""
    _, y, half_x, half_y = body.cavity_frame(440)
    size = rng.uniform(0.9, 1.12)
    centre = (0.15 * half_x, y - 0.28 * half_y, 438.0)
    semi = np.array([0.46 * half_x, 0.50 * half_y, 56.0]) * size
    angle = rng.uniform(0.35, 0.6)
    waves = wobble(rng, 0.03)

    def lump(shift, share, label, over):
        at = np.array(centre) + np.array([*shift, 0.0]) * [*semi[:2], 1]
        return Solid(tuple(at), tuple(semi * share), label, over,
                     profile=2.6, angle=angle, waves=waves)  # fmt: skip

    return [
        lump((0, 0), 1.10, T.MEDFAT, INNER),
        lump((0, 0), 1.0, T.HEART, INNER),
        lump((0.30, 0.22), (0.42, 0.40, 0.75), T.BLOOD, (T.HEART,)),
        lump((-0.02, -0.42), (0.52, 0.36, 0.75), T.BLOOD, (T.HEART,)),
        lump((-0.55, 0.02), (0.30, 0.42, 0.80), T.BLOOD, (T.HEART,)),
        lump((-0.20, 0.55), (0.42, 0.28, 0.70), T.BLOOD, (T.HEART,)),
    ]


def great_vessels(rng: np.random.Generator, body: Body) -> list[Tube]:
    """Aorta, caval vein, pulmonary arteries, airways and gullet."""
    s = body.spine_y()
    _, y, half_x, half_y = body.cavity_frame(500)
    f = y - 0.32 * half_y
    r = rng.uniform(10.0, 13.5)
    hilum = 0.36 * half_x
    aorta = tube(
        [(4, s - 29, 190), (5, s - 30, 300), (12, s - 27, 370),
         (24, s - 16, 430), (25, s - 14, 500), (23, s - 22, 535),
         (8, 0.5 * (s + f), 548), (-10, f + 6, 540), (-15, f, 515),
         (-8, f + 2, 470), (4, f + 10, 450)],
        (0.82 * r, 1.35 * r), T.AORTA,
    )  # fmt: skip
    trachea = tube(
        [(0, s - 34, 640), (1, s - 40, 560), (2, s - 38, CARINA_Z)],
        8.0, T.AIRWAY,
    )  # fmt: skip
    tubes = [
        tube([(-27, f - 4, 640), (-27, f + 4, 560), (-26, f + 8, 480)],
             9.0, T.VEIN),
        tube([(-34, f + 6, 640), (-14, f - 8, 600), (40, f - 14, 622)],
             6.5, T.VEIN),
        tube([(2, f - 14, 455), (9, f - 6, 480), (14, f + 14, 500)],
             (14.0, 12.0), T.PULMONARY),
        tube([(14, f + 14, 500), (-10, f + 26, 496), (-hilum, s - 38, 484)],
             (11.0, 8.0), T.PULMONARY),
        tube([(14, f + 14, 500), (34, s - 44, 504), (hilum, s - 30, 494)],
             (11.0, 8.0), T.PULMONARY),
        aorta,
        tube([(-11, s - 17, 640), (-11, s - 18, 400), (-10, s - 20, 330)],
             3.8, T.VEIN),
        trachea,
    ]  # fmt: skip
    for x, v in ((-14, f + 16), (4, f + 26), (17, s - 34)):
        tubes.append(tube([(x, v, 540), (x * 1.3, v - 4, 640)], 5.0, T.AORTA))
    for side in (-1, 1):
        bronchus = tube(
            [(2, s - 38, CARINA_Z), (side * 0.5 * hilum, s - 32, 485),
             (side * hilum, s - 24, 462)], (6.5, 4.5), T.AIRWAY,
        )  # fmt: skip
        wall = Tube(bronchus.points, bronchus.radii + 1.3, T.ESOPHAGUS)
        tubes += [wall, bronchus]
    gullet = tube(
        [(6, s - 27, 640), (7, s - 27, 500), (10, s - 33, 380)],
        rng.uniform(5.5, 8.0), T.ESOPHAGUS,
    )  # fmt: skip
    tubes += [gullet, gullet.inner(0.28, T.AIRWAY, 0.15)]
    return tubes


CARINA_Z = 505.0


def lung_vessels(
    rng: np.random.Generator,
    body: Body,
    low: float,
    high: float,
    slab: float,
) -> list[Tube]:
    """Three generations of branches from both hila, painted over lung only.

    Thin ones get a label whose density imitates the partial volume.
    """
    points, radii = [], []
    half_x = body.cavity_frame(480)[2]
    for side in (-1, 1):
        hilum = np.array([side * 0.34 * half_x, body.spine_y() - 32, 482.0])
        ends = _targets(rng, body, side, 46)
        start = np.repeat(hilum[None], len(ends), 0)
        start = start + rng.normal(0, 10, start.shape)
        first = branches(rng, start, ends, rng.uniform(2.3, 4.0, len(ends)),
                         np.full(len(ends), 1.0), 0.10, 60)  # fmt: skip
        points.append(first[0].reshape(-1, 3))
        radii.append(first[1].ravel())
        for children, reach in ((240, 42.0), (700, 24.0)):
            pool_p, pool_r = np.vstack(points), np.concatenate(radii)
            pick = rng.integers(0, len(pool_p), children)
            start, r = pool_p[pick], pool_r[pick] * 0.66
            heading = start - hilum
            heading /= np.linalg.norm(heading, axis=1, keepdims=True) + 1e-9
            end = start + reach * (heading + rng.normal(0, 0.6, start.shape))
            p, q = branches(rng, start, end, r, r * 0.55, 0.12, 26)
            points.append(p.reshape(-1, 3))
            radii.append(q.ravel())
    points, radii = np.vstack(points), np.concatenate(radii)
    seen = (points[:, 2] + radii > low) & (points[:, 2] - radii < high)
    points, radii = points[seen], radii[seen]
    tubes = []
    for label, (r1, r2) in {
        T.LUNGVESSEL_TINY: (0.0, 0.62),
        T.LUNGVESSEL_SMALL: (0.62, 1.0),
        T.LUNGVESSEL: (1.0, 99.0),
    }.items():
        part = (radii >= r1) & (radii < r2)
        over = (T.LUNG, T.LUNGVESSEL_TINY, T.LUNGVESSEL_SMALL)
        r = np.maximum(radii[part], 0.55)
        tubes.append(Tube(points[part], r, label, over, slab))
    return tubes


def _targets(
    rng: np.random.Generator, body: Body, side: int, count: int
) -> np.ndarray:
    """(count, 3) points all over one lung."""
    z = rng.uniform(345, 610, count)
    turn = rng.uniform(-1.4, 1.4, count)
    out = []
    for height, angle, far in zip(
        z, turn, rng.uniform(0.55, 0.98, count), strict=True
    ):
        x, y, half_x, half_y = body.cavity_frame(height)
        out.append(
            (x + side * far * half_x * np.cos(angle),
             y + far * half_y * np.sin(angle), height)
        )  # fmt: skip
    return np.array(out)
