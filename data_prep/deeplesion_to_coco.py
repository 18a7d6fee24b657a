"""DL_info.csv and Images_png -> train.json, val.json, test.json, report.json.

    python data_prep/deeplesion_to_coco.py --csv DL_info.csv \\
        --images Images_png --out data/deeplesion

Every row is checked, coordinates count from 0 (the CSV counts from 1), and
facts are stored, not choices: masks, windows and spacings are made by the
configs. Noisy rows stay, with their flag. report.json lists every row that was
dropped or repaired, with its reason. Nothing is written after an error.
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

from .common.fold_splits import add_fold_arguments
from .common.progress import progress_bar
from .common.report import show_report
from .deeplesion.conversion.convert import Options, convert
from .deeplesion.conversion.image_checks import MISSING_CHOICES
from .deeplesion.conversion.split_file import HELP as SPLIT_HELP


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument(
        '--csv', type=types.path, required=True, help='DL_info.csv'
    )
    parser.add_argument(
        '--images',
        type=types.path,
        help='Images_png, or the folder it lies in; holds '
        '000001_01_01/109.png and so on',
    )
    arguments.add_out(parser)
    parser.add_argument(
        '--missing-images',
        choices=MISSING_CHOICES,
        default='error',
        help='where a key slice is not there: error (default) stops; skip '
        'drops its lesions, and those of damaged images; keep takes the size '
        'from the CSV, which is enough to evaluate detections',
    )
    parser.add_argument(
        '--bad-rows',
        choices=('error', 'drop'),
        default='error',
        help='where a row is malformed, contradicts itself or another, or '
        'has a RECIST of zero length: error (default) stops and names it; '
        'drop continues without it',
    )
    parser.add_argument('--split-file', type=types.path, help=SPLIT_HELP)
    add_fold_arguments(parser)
    arguments.add_seed(parser, 'of the draw of folds')
    parser.add_argument(
        '--neighbours',
        type=types.whole_number(0),
        default=1,
        metavar='N',
        help='slices to check on each side of a key slice (default 1, what '
        'three-slice inputs read)',
    )
    arguments.add_workers(parser, 8, 'threads that check images', least=0)
    _add_masks(parser)
    args = parser.parse_args(argv)
    if not args.masks and (args.mask_grow_px or any(args.mask_offset_px)):
        parser.error('--mask-grow-px and --mask-offset-px need --masks')
    return args


def _add_masks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--masks',
        action='store_true',
        help='write pseudo masks as COCO segmentations too, for other '
        "programs; mmuldor's configs draw their own",
    )
    parser.add_argument(
        '--mask-grow-px',
        type=types.not_negative,
        default=0.0,
        metavar='PX',
        help='both diameters are longer by this at each end for --masks '
        '(default 0)',
    )
    parser.add_argument(
        '--mask-offset-px',
        type=types.finite,
        nargs=2,
        default=(0.0, 0.0),
        metavar=('X', 'Y'),
        help='moves --masks right and down (default 0 0)',
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Converts, then shows the counts on stdout and warnings on stderr."""
    args = vars(parse_args(argv))
    csv, images, out = map(args.pop, ('csv', 'images', 'out'))
    args['workers'] = max(args['workers'], 1)
    report = convert(csv, images, out, Options(**args), progress_bar)
    show_report(report)
    print(f'wrote train.json, val.json, test.json, report.json to {out}')


if __name__ == '__main__':
    with user_errors():
        main()
