"""Normal structures of a lesion's size and density."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..anatomy.canvas import Canvas
from ..anatomy.shapes import Solid, Tube, smooth_path, wobble
from ..anatomy.tissue import Palette
from ..anatomy.tissue import Tissue as T  # noqa: N817
from ..settings import LONG_MM, QUANTILES, Difficulty
from .placement import Placer
from .sites import LUNG, lesion_hu

FAT = (T.VISFAT, T.MESENTERIC)
CHEST_FAT = (T.MEDFAT,)
SMOOTH_HU = 4.0  # texture inside a confuser


@dataclass
class Confuser:
    """What is painted, and what truth.json says about it."""

    kind: str
    parts: list
    labels: tuple[int, ...]

    def paint(self, canvas: Canvas, z: float) -> None:
        """Paint all parts."""
        for part in self.parts:
            part.paint(canvas, z)

    def bbox(self, canvas: Canvas) -> list[int] | None:
        """[x, y, width - 1, height - 1] of what is left to see, in px."""
        seen = np.isin(canvas.label, self.labels)
        rows, columns = (
            np.flatnonzero(seen.any(1)),
            np.flatnonzero(seen.any(0)),
        )
        if not rows.size:
            return None
        x, y = int(columns[0]), int(rows[0])
        return [x, y, int(columns[-1]) - x, int(rows[-1]) - y]


# Kind, labels it lies on, weight for each share of the slice's pixels, the
# most of them on a slice, and the maximum diameter in mm.
MENU: tuple[tuple[str, tuple[int, ...], float, int, float], ...] = (
    ('vessel', LUNG, 2.5, 5, 24.0),
    ('vessel', CHEST_FAT, 9.0, 4, 26.0),
    ('node', CHEST_FAT, 9.0, 4, 13.0),
    ('vessel', FAT, 2.5, 5, 26.0),
    ('node', FAT, 2.0, 4, 13.0),
    ('bowel', FAT, 2.5, 5, 34.0),
    ('gas', FAT, 1.5, 3, 34.0),
    ('vessel', (T.LIVER, T.HEPATIC), 4.0, 4, 26.0),
    ('vessel', (T.SUBFAT,), 0.7, 2, 18.0),
    ('vessel', (T.MUSCLE,), 0.8, 3, 22.0),
)


def draw_confusers(
    rng: np.random.Generator,
    placer: Placer,
    z: float,
    palette: Palette,
    knobs: Difficulty,
) -> list[Confuser]:
    """The confusers of a key slice at `z`; their HU join the palette."""
    low, high = knobs.confusers_per_image
    wanted = int(rng.integers(low, high + 1))
    areas = np.array([placer.share(entry[1]) for entry in MENU])
    weights = areas * [entry[2] for entry in MENU]
    left = np.array([entry[3] for entry in MENU])
    out, used = [], 0
    for _ in range(wanted):
        chances = weights * (left > 0)
        if not chances.any():
            break
        pick = rng.choice(len(MENU), p=chances / chances.sum())
        left[pick] -= 1
        kind, labels, _, _, max_mm = MENU[pick]
        size = _draw_diameter(rng, kind, max_mm, knobs)
        place = placer.find(rng, labels, labels, 0.9, size)
        if place is None:
            continue
        hu = lesion_hu(rng, labels[0], palette, knobs)
        colours = (palette.add(used, hu, SMOOTH_HU),
                   palette.add(used + 1, hu - 25, SMOOTH_HU))  # fmt: skip
        used += 2
        centre = np.array([*place, z])
        build = BUILDERS[kind]
        out.append(build(rng, centre, size / 2, labels, colours, knobs))
        placer.occupy(place, size / 2)
    return out


def _draw_diameter(
    rng: np.random.Generator, kind: str, max_mm: float, knobs: Difficulty
) -> float:
    """A lesion's diameter, cut off where such structures end."""
    ends = (0.75 * knobs.min_long_mm, min(max_mm, knobs.confuser_max_mm))
    low, top = np.interp(ends, LONG_MM, QUANTILES)
    size = float(np.interp(rng.uniform(low, top), QUANTILES, LONG_MM))
    return max(size, 14.0) if kind in ('bowel', 'gas') else size


def _oblique(rng, centre, length, knobs: Difficulty) -> np.ndarray:
    """(N, 3) gently bent path through `centre`, tilted against the slices."""
    tilt = np.radians(rng.uniform(*knobs.vessel_tilt_deg))
    turn = rng.uniform(0, 2 * np.pi)
    way = np.array([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn),
                    np.cos(tilt)])  # fmt: skip
    bend = rng.normal(0, 0.12 * length, (2, 3))
    knots = [centre - way * length + bend[0], centre - way * length / 2,
             centre, centre + way * length / 2,
             centre + way * length + bend[1]]  # fmt: skip
    return smooth_path(np.array(knots), 1.2)


def _vessel(rng, centre, radius, labels, colours, knobs) -> Confuser:
    """Cut across: round here, elsewhere in the next slices."""
    path = _oblique(rng, centre, rng.uniform(22, 40), knobs)
    radii = radius * np.linspace(1.15, 0.85, len(path))
    tube = Tube(path, radii, colours[0], labels)
    return Confuser('vessel', [tube], colours[:1])


def _node(rng, centre, radius, labels, colours, knobs) -> Confuser:
    """A normal lymph node: a smooth bean with fat in its hilum."""
    turn = rng.uniform(0, np.pi)
    semi = (radius, radius * rng.uniform(0.5, 0.75), radius)
    bean = Solid(tuple(centre), semi, colours[0], labels, angle=turn,
                 waves=wobble(rng, 0.03))  # fmt: skip
    side = np.array([-np.sin(turn), np.cos(turn)]) * semi[1] * 0.55
    hilum = Solid((*(centre[:2] + side), centre[2]),
                  (0.42 * semi[0], 0.36 * semi[1], 0.7 * radius),
                  labels[0], (colours[0],), angle=turn)  # fmt: skip
    return Confuser('node', [bean, hilum], colours[:1])


def _bowel(rng, centre, radius, labels, colours, knobs) -> Confuser:
    """A loop with a thin wall that continues in the next slices."""
    path = _oblique(rng, centre, rng.uniform(28, 50), knobs)
    radii = np.full(len(path), radius)
    wall = Tube(path, radii, colours[0], labels)
    inside = Tube(path, radii - 1.8, colours[1], (colours[0],))
    return Confuser('bowel', [wall, inside], colours)


def _gas(rng, centre, radius, labels, colours, knobs) -> Confuser:
    """A loop filled with gas."""
    loop = _bowel(rng, centre, radius, labels, colours, knobs)
    outer = loop.parts[0]
    gas = Tube(outer.points - [0, 0.1 * radius, 0], outer.radii * 0.78,
               T.GAS, (colours[0],))  # fmt: skip
    return Confuser('gas', [outer, gas], colours[:1])


BUILDERS: dict[str, Callable[..., Confuser]] = {
    'vessel': _vessel,
    'node': _node,
    'bowel': _bowel,
    'gas': _gas,
}
