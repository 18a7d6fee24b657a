"""NIfTI volumes and their lesion masks -> a data set that configs train on.

    python data_prep/volumes_to_coco.py --images images --masks masks \\
        --out data/own

A mask is a label volume of the same name on the grid of its volume, stored
along any axes: 0 where nothing is. Each connected piece of a label is a
lesion; its key slice is the one of its largest area, its box and its RECIST
diameters are measured on the mask, and every lesion that a key slice shows
is annotated there. Writes DeepLesion's layout: Images_png/NAME/031.png (HU +
32768, numbered from the head), train.json, val.json, test.json; truth.json
with the masks; volumes.json with 3-D boxes for tools/froc_volumes.py;
report.json. A patient is in one split only. Nothing is left after an error.
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

from .own_data.options import WINDOW_HU, VolumeOptions
from .own_data.patients import HELP as PATIENTS_HELP
from .own_data.volumes import convert_volumes


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--images', required=True, help='folder of .nii or .nii.gz, in HU'
    )
    parser.add_argument(
        '--masks', required=True, help='folder of masks of the same names'
    )
    parser.add_argument('--out', required=True, help='folder to make')
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
        help=PATIENTS_HELP.format(what='volume'),
    )
    parser.add_argument(
        '--labels',
        type=int,
        nargs='+',
        metavar='VALUE',
        help='values of the masks that are lesions, for example 2 where 1 '
        'is the organ (default: all but 0)',
    )
    parser.add_argument(
        '--instances',
        action='store_true',
        help='each label is one lesion, in however many pieces',
    )
    parser.add_argument(
        '--every-slice',
        action='store_true',
        help='each slice that a lesion covers becomes a key slice',
    )
    parser.add_argument(
        '--min-diameter-mm',
        type=float,
        default=0.0,
        metavar='MM',
        help='leave out lesions whose long diameter is smaller (default 0)',
    )
    parser.add_argument(
        '--box-margin-px',
        type=float,
        default=0.0,
        metavar='PX',
        help='boxes reach so far beyond the mask (default 0; 5 in DeepLesion)',
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
    parser.add_argument(
        '--bad-volumes',
        choices=('error', 'drop'),
        default='error',
        help='where a file cannot be used: error (default) stops; drop goes '
        'on without it',
    )
    return parser.parse_args(argv)


def options_of(args: argparse.Namespace) -> VolumeOptions:
    """Checks the numbers.

    Raises:
        ValueError: Naming the argument, what it must be and what it is.
    """
    rules = (
        ('min_diameter_mm', args.min_diameter_mm >= 0, '0 or more'),
        ('box_margin_px', args.box_margin_px >= 0, '0 or more'),
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
    return VolumeOptions(
        split=args.split,
        seed=args.seed,
        patients=args.patients,
        labels=args.labels,
        instances=args.instances,
        every_slice=args.every_slice,
        min_diameter_mm=args.min_diameter_mm,
        box_margin_px=args.box_margin_px,
        neighbours=args.neighbours,
        window_hu=tuple(args.window),
        bad_volumes=args.bad_volumes,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Converts, then shows the counts on stdout and warnings on stderr."""
    args = parse_args(argv)
    stderr = Console(stderr=True)

    def progress(what: str, total: int, items: Iterable) -> Iterable:
        return track(items, what, total, console=stderr)

    report = convert_volumes(
        args.images, args.masks, args.out, options_of(args), progress
    )
    report.show(Console())
    for warning in report.warnings():
        print(f'warning: {warning}', file=sys.stderr)
    if not args.patients:
        print('each volume counts as a patient; --patients says otherwise')
    print(
        'wrote Images_png, train.json, val.json, test.json, truth.json, '
        f'volumes.json and report.json to {args.out}'
    )


if __name__ == '__main__':
    with user_errors():
        main()
