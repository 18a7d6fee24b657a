"""Time pseudo masks of many lesions against one outlined point by point.

    python benchmarks/bench_masks.py

The comparator goes point by point around the quarter ellipses on a grid of
0.1 rad, as published code does, and lets pycocotools fill each outline. Both
end with COCO run-length masks of 512 x 512 px. The RECIST diameters are
DeepLesion's, where they are there.
"""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.inputs import recist_pairs
from benchmarks.timing import alternate, make_parser, save, times_faster
from mmuldor.functional.masks import mask_runs, rasterize
from mmuldor.functional.recist import (
    closest_points,
    convex_hull,
    pseudo_mask_polygon,
    pseudo_mask_polygons,
)
from mmuldor.io.cli import user_errors
from mmuldor.io.run_length import decode_mask, encode_runs

SIDE_PX = 512
STEP_RAD = 0.1


def all_at_once(pairs: np.ndarray) -> list[dict]:
    """The masks as `deeplesion_to_coco.py --masks` makes them."""
    runs = mask_runs(pseudo_mask_polygons(pairs), SIDE_PX, SIDE_PX)
    return encode_runs(runs, SIDE_PX, SIDE_PX)


def point_by_point(pairs: np.ndarray) -> list[dict]:
    """The masks lesion by lesion and point by point."""
    return [
        coco_mask.frPyObjects([outline(pair)], SIDE_PX, SIDE_PX)[0]
        for pair in pairs
    ]


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
    """Where the lines of the diameters meet; None if the diameters do not."""
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
    """Stop unless ours are exact and the comparator's are nearly the same."""
    dice = []
    rows = zip(pairs, all_at_once(pairs), point_by_point(pairs), strict=True)
    for pair, ours, other in rows:
        mask = rasterize(pseudo_mask_polygon(pair), SIDE_PX, SIDE_PX)
        np.testing.assert_array_equal(decode_mask(ours), mask)
        painted = coco_mask.decode(other).astype(bool)
        total = mask.sum() + painted.sum()
        dice.append(2 * (mask & painted).sum() / total)
    if np.median(dice) < 0.98:
        raise AssertionError(f'median Dice {np.median(dice):.3f} to ours')
    return {'median_dice_of_both': float(np.median(dice))}


def main() -> None:
    """Run the benchmark from the command line."""
    args = make_parser(__doc__, 'masks', repeats=7).parse_args()
    pairs, whose = recist_pairs()
    agreement = check(pairs)
    seconds = alternate(
        {
            'all at once': lambda: all_at_once(pairs),
            'point by point': lambda: point_by_point(pairs),
        },
        args.repeats,
    )
    name = f'{len(pairs):,} pseudo masks, 512 px, run lengths'
    row = times_faster(name, seconds, 'all at once', 'point by point', 10)
    save(args, 'masks', [row], data=whose, **agreement)


if __name__ == '__main__':
    with user_errors():
        main()
