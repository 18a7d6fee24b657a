"""Time pseudo masks of many lesions against masks made point by point.

    python benchmarks/stages/bench_masks.py

The comparator goes point by point around the quarter ellipses on a grid of
0.1 rad, as one writes it after the paper, and lets pycocotools fill each
outline; "lesion by lesion" does it with all angles of a lesion in one NumPy
expression. All end with COCO run-length masks of 512 x 512 px. The RECIST
diameters are DeepLesion's, where they are there.
"""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.inputs import recist_pairs
from benchmarks.rows import times_faster
from benchmarks.timing import alternate, make_parser, save
from mmuldor.cli.errors import user_errors
from mmuldor.functional.masks import mask_runs
from mmuldor.functional.recist import (
    closest_points,
    convex_hull,
    pseudo_mask_polygon,
    pseudo_mask_polygons,
)
from mmuldor.io.run_length import decode_mask, encode_runs

SIDE_PX = 512
STEP_RAD = 0.1
# Number of masks that are checked pixel by pixel.
EXACT = 200


def all_at_once(pairs: np.ndarray) -> list[dict]:
    """The masks, made as in `deeplesion_to_coco.py --masks`."""
    runs = mask_runs(pseudo_mask_polygons(pairs), SIDE_PX, SIDE_PX)
    return encode_runs(runs, SIDE_PX, SIDE_PX)


def point_by_point(pairs: np.ndarray) -> list[dict]:
    """The masks, made lesion by lesion and point by point."""
    return [
        coco_mask.frPyObjects([outline(pair)], SIDE_PX, SIDE_PX)[0]
        for pair in pairs
    ]


def lesion_by_lesion(pairs: np.ndarray) -> list[dict]:
    """The masks, made lesion by lesion, all angles at once."""
    angles = np.arange(0, math.pi / 2, STEP_RAD)[:, None]
    cosine, sine = np.cos(angles), np.sin(angles)
    masks = []
    for pair in pairs:
        centre = crossing(pair)
        if centre is None:
            points = convex_hull(pair)
        else:
            arms = pair[[0, 2, 1, 3, 0]] - centre
            points = centre + np.concatenate(
                [cosine * a + sine * b for a, b in pairwise(arms)]
            )
        flat = [(points + 0.5).reshape(-1).tolist()]
        masks += coco_mask.frPyObjects(flat, SIDE_PX, SIDE_PX)
    return masks


KINDS = {
    'point by point': point_by_point,
    'lesion by lesion': lesion_by_lesion,
}


def outline(pair: np.ndarray) -> list[float]:
    """A flat x, y polygon, pixel edges at integers as pycocotools counts."""
    centre = crossing(pair)
    if centre is None:
        return (convex_hull(pair) + 0.5).reshape(-1).tolist()
    ring = [pair[0], pair[2], pair[1], pair[3], pair[0]]
    points = []
    for first, second in pairwise(ring):
        for angle in np.arange(0, math.pi / 2, STEP_RAD):
            arm = math.cos(angle) * (first - centre)
            arm = arm + math.sin(angle) * (second - centre)
            x, y = centre + arm + 0.5
            points += [x, y]
    return points


def crossing(pair: np.ndarray) -> np.ndarray | None:
    """Crossing point of the diameters; None if they do not cross."""
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = pair
    lines = np.array([[x2 - x1, x3 - x4], [y2 - y1, y3 - y4]])
    if abs(np.linalg.det(lines)) < 1e-9:
        return None
    first, second = np.linalg.solve(lines, [x3 - x1, y3 - y1])
    if not (0 <= first <= 1 and 0 <= second <= 1):
        near, other = closest_points(pair)
        return None if math.dist(near, other) > 1 else (near + other) / 2
    return pair[0] + first * (pair[1] - pair[0])


def check(pairs: np.ndarray) -> dict:
    """Stop unless ours are exact and the comparators' are nearly the same.

    Pixel by pixel for some, by the rule of even and odd crossings.
    """
    ours = [decode_mask(rle) for rle in all_at_once(pairs)]
    for index in range(0, len(pairs), max(len(pairs) // EXACT, 1)):
        exact = inside(pseudo_mask_polygon(pairs[index]))
        np.testing.assert_array_equal(ours[index], exact)
    found = {}
    for kind, work in KINDS.items():
        others = [coco_mask.decode(rle).astype(bool) for rle in work(pairs)]
        dice = [
            2 * (mask & other).sum() / (mask.sum() + other.sum())
            for mask, other in zip(ours, others, strict=True)
        ]
        worst, middle = np.percentile(dice, (1, 50)).tolist()
        if middle < 0.98 or worst < 0.85:
            raise AssertionError(f'{kind}: Dice {middle:.3f}, {worst:.3f}')
        found[kind] = {'dice_median': middle, 'dice_1_percent': worst}
    return {'agreement': found}


def inside(polygon: np.ndarray) -> np.ndarray:
    """Pixels whose centre lies in a polygon, tested one by one."""
    rows = columns = np.arange(SIDE_PX)
    crossings = np.zeros((SIDE_PX, SIDE_PX), dtype=int)
    ends = np.roll(polygon, -1, axis=0)
    for (x1, y1), (x2, y2) in zip(polygon, ends, strict=True):
        for row in rows[(y1 <= rows) != (y2 <= rows)]:
            at = x1 + (row - y1) * (x2 - x1) / (y2 - y1)
            crossings[row] += at <= columns
    return crossings % 2 == 1


def main() -> None:
    """Run the benchmark from the command line."""
    args = make_parser(__doc__, 'masks', repeats=7).parse_args()
    pairs, whose = recist_pairs()
    agreement = check(pairs)
    works = {'all at once': all_at_once, **KINDS}
    seconds = alternate(
        {kind: lambda w=work: w(pairs) for kind, work in works.items()},
        args.repeats,
    )
    name = f'{len(pairs):,} pseudo masks, 512 px, run lengths'
    rows = [
        times_faster(name, seconds, 'all at once', 'point by point', 10),
        times_faster(name, seconds, 'all at once', 'lesion by lesion'),
    ]
    save(args, 'masks', rows, data=whose, **agreement)


if __name__ == '__main__':
    with user_errors():
        main()
