"""Make a dataset that configs train on of NIfTI volumes and lesion masks.

    python data_prep/volumes_to_coco.py --images images --masks masks \\
        --out data/own

A mask is a label volume of the same name on the grid of its volume, stored
along any axes: 0 where nothing is. Of several labels, --labels names those of
lesions. Each connected piece of a label is a lesion; its key slice is the one
of its largest area, its box and its RECIST diameters are measured on the mask,
and every lesion that a key slice shows is annotated there. Writes DeepLesion's
layout: Images_png/NAME/031.png (HU + 32768, numbered from the head),
train.json, val.json, test.json; truth.json with the masks; volumes.json with
3-D boxes for tools/froc_volumes.py; report.json. A patient is in one split
only. Nothing is left after an error.
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
from .own_data.arguments import add_arguments, shared_options, show_result
from .own_data.options import VolumeOptions
from .own_data.volumes import convert_volumes


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument(
        '--masks',
        type=types.path,
        required=True,
        help='folder of masks of the same names',
    )
    arguments.add_images(parser, 'folder of .nii or .nii.gz, in HU')
    add_arguments(
        parser, 'each volume is a patient (of DeepLesion: its patient)'
    )
    parser.add_argument(
        '--labels',
        type=types.count,
        nargs='+',
        metavar='VALUE',
        help='values of the masks that are lesions, for example 2 where 1 '
        'is the organ (default: the only one)',
    )
    parser.add_argument(
        '--all-labels',
        action='store_true',
        help='all values but 0 are lesions',
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
        type=types.not_negative,
        default=0.0,
        metavar='MM',
        help='leave out lesions whose long diameter is smaller (default 0)',
    )
    parser.add_argument(
        '--box-margin-px',
        type=types.not_negative,
        default=0.0,
        metavar='PX',
        help='margin of boxes around the mask (default 0; 5 in DeepLesion)',
    )
    parser.add_argument(
        '--bad-volumes',
        choices=('error', 'drop'),
        default='error',
        help='where a file cannot be used: error (default) stops; drop '
        'continues without it',
    )
    return parser.parse_args(argv)


def options_of(args: argparse.Namespace) -> VolumeOptions:
    """The options of the conversion."""
    return VolumeOptions(
        **shared_options(args),
        labels=args.labels,
        all_labels=args.all_labels,
        instances=args.instances,
        every_slice=args.every_slice,
        min_diameter_mm=args.min_diameter_mm,
        box_margin_px=args.box_margin_px,
        bad_volumes=args.bad_volumes,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Converts, then shows the counts on stdout and warnings on stderr."""
    args = parse_args(argv)
    report = convert_volumes(
        args.images, args.masks, args.out, options_of(args), progress_bar
    )
    show_result(report, args, 'each volume counts as a patient')


if __name__ == '__main__':
    with user_errors():
        main()
