"""Refine the masks of annotated lesions by the pixels around their diameters.

    python data_prep/grabcut_masks.py --ann data/DeepLesion/train.json \\
        data/DeepLesion/val.json --images data/DeepLesion/Images_png

Adds a COCO `segmentation` to every lesion of the annotation files, which are
rewritten: GrabCut on the key slice, seeded by the diameters as in Cai et al.
(MICCAI 2018). Where it cannot decide, or its area is not 0.5 to 2 times that
of the quarter ellipses, these are taken, and `segmentation_from` says so.
Configs use the masks with `RecistToMask(shape='segmentation')`; other programs
read them as COCO's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = 'data_prep'

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors

from .common.progress import progress_bar
from .refinement.refine import DRAWN, REFINED, refine_files


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument(
        '--ann',
        type=types.path,
        nargs='+',
        required=True,
        metavar='FILE',
        help='annotation files, which are rewritten',
    )
    arguments.add_images(parser)
    arguments.add_workers(parser, 4, 'threads that read and cut images')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Refines, then says how many masks stay drawn from diameters."""
    args = parse_args(argv)
    counts = refine_files(args.ann, args.images, args.workers, progress_bar)
    for path, of_file in counts.items():
        print(
            f'{path}: {of_file[REFINED]} masks refined by GrabCut, '
            f'{of_file[DRAWN]} stay quarter ellipses'
        )


if __name__ == '__main__':
    with user_errors():
        main()
