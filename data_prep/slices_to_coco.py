"""Make a dataset that configs train on of 16-bit PNG slices and COCO boxes.

    python data_prep/slices_to_coco.py --images png --coco boxes.json \\
        --spacing 0.8 0.8 5 --out data/own

Diameters come from an annotation's `recist_px` (eight numbers), else from its
`segmentation`, else they are the axes of its box; report.json counts which.
Of boxes alone, RecistToMask makes the inscribed ellipse, or with shape='box'
the box. `FOLDER/031.png` is slice 31 of a series, numbered from the head, and
takes its neighbours from the files beside it; any other name is a slice on
its own, and so are the images of a folder that is no series (--series). Of
several categories, --lesion-category names those of lesions; boxes with
`iscrowd` become ignored regions. An image may say `spacing_mm`,
`slice_interval_mm` and `patient`; else the patient is the folder or the
beginning of the name (P0 of P0_000.png), and never in two splits.
Writes Images_png (HU + 32768), train.json, val.json, test.json, report.json
and, where every lesion has a mask, truth.json. Nothing is left after an error.
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
from .own_data.options import AUTO, SERIES, SliceOptions
from .own_data.slices import convert_slices


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    arguments.add_images(parser, 'folder that file_name starts from')
    parser.add_argument(
        '--coco',
        type=types.path,
        required=True,
        nargs='+',
        help='one COCO file, or three: train, val and test',
    )
    arguments.add_lesion_category(parser, 'boxes')
    add_arguments(
        parser,
        'it is the key `patient` of an image, its folder, or the beginning '
        'of its name',
    )
    parser.add_argument(
        '--series',
        choices=SERIES,
        default=AUTO,
        help='whether the numbered files of a folder are slices of one scan, '
        'and so neighbours; auto (default) judges by names and pictures',
    )
    arguments.add_spacing(parser, 'images that do not say it')
    parser.add_argument(
        '--hu-slope',
        type=types.positive,
        default=1.0,
        help='HU = slope * stored + offset (default 1)',
    )
    parser.add_argument(
        '--hu-offset',
        type=types.finite,
        default=-32768.0,
        help='default -32768',
    )
    arguments.add_offset(parser, 0.5)
    return parser.parse_args(argv)


def options_of(args: argparse.Namespace) -> SliceOptions:
    """The options of the conversion."""
    return SliceOptions(
        **shared_options(args),
        lesion_category=args.lesion_category,
        series=args.series,
        spacing_mm=args.spacing,
        hu_slope=args.hu_slope,
        hu_offset=args.hu_offset,
        offset_px=args.offset_px,
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Converts, then shows the counts on stdout and warnings on stderr."""
    args = parse_args(argv)
    note = 'patients are folders or beginnings of names, if not in the file'
    report = convert_slices(
        args.images, args.coco, args.out, options_of(args), progress_bar
    )
    show_result(report, args, note)


if __name__ == '__main__':
    with user_errors():
        main()
