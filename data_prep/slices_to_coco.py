"""16-bit PNG slices with COCO boxes -> a data set that configs train on.

    python data_prep/slices_to_coco.py --images png --coco boxes.json \\
        --spacing 0.8 0.8 5 --out data/own

Diameters come from an annotation's `recist_px` (eight numbers), else from its
`segmentation`, else they are the axes of its box; report.json counts which.
Of boxes alone, RecistToMask makes the inscribed ellipse, or with shape='box'
the box. `FOLDER/031.png` is slice 31 of a series, numbered from the head, and
takes its neighbours from the files beside it; any other name is a slice on
its own. An image may say `spacing_mm`, `slice_interval_mm` and `patient`.
Writes Images_png (HU + 32768), train.json, val.json, test.json, report.json
and, where every lesion has a mask, truth.json. Nothing is left after an error.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = 'data_prep'

from rich.console import Console
from rich.progress import track

from mmuldor.cli.errors import user_errors

from .own_data.options import WINDOW_HU, SliceOptions
from .own_data.patients import HELP as PATIENTS_HELP
from .own_data.slices import convert_slices


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--images', required=True, help='folder that file_name starts from'
    )
    parser.add_argument(
        '--coco',
        required=True,
        nargs='+',
        help='one COCO file, or three: train, val and test',
    )
    parser.add_argument('--out', required=True, help='folder to make')
    parser.add_argument(
        '--spacing',
        type=float,
        nargs=3,
        metavar=('COLUMNS', 'ROWS', 'SLICES'),
        help='in mm, of images that do not say it',
    )
    parser.add_argument(
        '--hu-slope',
        type=float,
        default=1.0,
        help='HU = slope * stored + offset (default 1)',
    )
    parser.add_argument(
        '--hu-offset', type=float, default=-32768.0, help='default -32768'
    )
    parser.add_argument(
        '--offset-px',
        type=float,
        choices=(0, 0.5, 1),
        default=0.5,
        help="where the first pixel's centre lies in boxes: 0.5 (default), "
        "COCO's count from the pixel's outer edge; 0; 1, counted from 1",
    )
    parser.add_argument(
        '--split',
        type=float,
        nargs=3,
        metavar=('TRAIN', 'VAL', 'TEST'),
        help='shares of patients (default 0.7 0.15 0.15)',
    )
    parser.add_argument('--seed', type=int, default=0, help='of the draw')
    parser.add_argument(
        '--patients',
        metavar='CSV',
        help=PATIENTS_HELP.format(what='folder, or image without one,'),
    )
    parser.add_argument(
        '--neighbours',
        type=int,
        default=3,
        metavar='K',
        help='slices written on each side of a key slice (default 3)',
    )
    parser.add_argument(
        '--window',
        type=float,
        nargs=2,
        default=WINDOW_HU,
        metavar=('LOW', 'HIGH'),
        help='HU that pictures show (default -160 240)',
    )
    return parser.parse_args(argv)


def options_of(args: argparse.Namespace) -> SliceOptions:
    """Checks the numbers.

    Raises:
        ValueError: Naming the argument, what it must be and what it is.
    """
    spacing = args.spacing or (1,)
    rules = (
        ('spacing', 0 < min(spacing) <= max(spacing) < 1e3, 'positive'),
        ('hu_slope', 0 < args.hu_slope < 1e6, 'positive'),
        ('neighbours', args.neighbours >= 0, '0 or more'),
        ('seed', args.seed >= 0, '0 or more'),
        ('window', args.window[0] < args.window[1], 'LOW below HIGH'),
    )
    for name, good, rule in rules:
        if not good:
            raise ValueError(
                f'--{name.replace("_", "-")} must be {rule}, but got '
                f'{getattr(args, name)}.'
            )
    return SliceOptions(
        spacing_mm=args.spacing,
        hu_slope=args.hu_slope,
        hu_offset=args.hu_offset,
        offset_px=args.offset_px,
        split=args.split,
        seed=args.seed,
        patients=args.patients,
        neighbours=args.neighbours,
        window_hu=tuple(args.window),
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Converts, then shows the counts on stdout and warnings on stderr."""
    args = parse_args(argv)
    stderr = Console(stderr=True)

    def progress(what: str, total: int, items: Iterable) -> Iterable:
        return track(items, what, total, console=stderr)

    report = convert_slices(
        args.images, args.coco, args.out, options_of(args), progress
    )
    report.show(Console())
    for warning in report.warnings():
        print(f'warning: {warning}', file=sys.stderr)
    if not args.patients:
        print(
            'each folder counts as a patient where no image says `patient`; '
            '--patients says otherwise'
        )
    print(
        'wrote Images_png, train.json, val.json, test.json and report.json '
        f'to {args.out}'
    )


if __name__ == '__main__':
    with user_errors():
        main()
