"""Make a synthetic CT set in DeepLesion's layout, with the true masks.

    python data_prep/make_phantom.py data/phantom --images 320 --seed 0

Writes DL_info.csv, Images_png/000001_01_01/005.png and so on, as the NIH's
release has them, and truth.json: the true mask of every lesion, those that
the CSV leaves out too, and the boxes of the normal structures that look like
lesions; and volumes.json: the slices around each key slice as a volume, with
the 3-D boxes of its lesions. The same arguments give the same bytes.

    python data_prep/make_phantom.py data/pairs --follow-up-pairs 10 --size 256

Writes pairs of scans for tools/follow.py instead: NIfTI volumes of a patient
who has moved and breathes otherwise, with lesions that grew, vanished or are
new; true results folders; and truth.json, which lesions belong together.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = 'data_prep'

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors

from .common.progress import progress_bar
from .common.split_counts import split_counts
from .phantom.dataset import make_dataset
from .phantom.follow_up.dataset import make_pairs
from .phantom.follow_up.settings import PairSettings
from .phantom.settings import Difficulty, Settings, change_difficulty


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    _add_arguments(parser)
    args = parser.parse_args(argv)
    images = args.images
    if images is None:
        images = int(sum(args.splits)) if sum(args.splits) > 1.5 else 100
    try:
        args.counts = split_counts(images, args.splits)
    except ValueError as error:
        parser.error(f'arguments --images, --splits: {error}'.rstrip('.'))
    try:
        args.knobs = change_difficulty(Difficulty(), args.difficulty)
    except ValueError as error:
        parser.error(f'argument --difficulty: {error}'.rstrip('.'))
    return args


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('out', type=types.path, help='folder to write to')
    parser.add_argument(
        '--images',
        type=types.count,
        help='number of key slices (default: 100, or the sum of the counts '
        'of --splits)',
    )
    arguments.add_seed(parser, 'the same seed gives the same files')
    parser.add_argument(
        '--size',
        type=types.whole_number(64, 1024),
        default=512,
        help='side of a slice in pixels (default 512); the field of view '
        'stays, so 256 has pixels of twice the size',
    )
    parser.add_argument(
        '--neighbours',
        type=types.whole_number(0, 30),
        default=3,
        metavar='K',
        help='slices on each side of a key slice (default 3)',
    )
    parser.add_argument(
        '--splits',
        type=types.not_negative,
        nargs=3,
        default=(0.7, 0.15, 0.15),
        metavar=('TRAIN', 'VAL', 'TEST'),
        help='shares, or counts of key slices (default 0.7 0.15 0.15)',
    )
    parser.add_argument(
        '--unannotated',
        type=types.number(
            'a share from 0 to 0.9', lambda value: 0 <= value <= 0.9
        ),
        default=0.0,
        metavar='SHARE',
        help='share of all lesions that the CSV leaves out (default 0; about '
        'half in DeepLesion); every image keeps an annotated one',
    )
    parser.add_argument(
        '--difficulty',
        type=types.pair('NAME=VALUE', '='),
        nargs='+',
        default=(),
        metavar='NAME=VALUE',
        help='knobs of data_prep/phantom/settings.py to change, for instance '
        'lesion_texture_hu=60 confusers_per_image=4,8',
    )
    parser.add_argument(
        '--follow-up-pairs',
        type=types.count,
        metavar='N',
        help='write so many pairs of scans instead; --seed and --size count, '
        'the other options do not',
    )
    cores = min(os.cpu_count() or 1, 8)
    what = 'processes; the result does not depend on them'
    arguments.add_workers(parser, cores, what)
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace an older phantom in OUT',
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Makes the set and says what is in it."""
    args = parse_args(argv)
    if args.follow_up_pairs is not None:
        _make_pairs(args)
        return
    counts = args.counts
    made = make_dataset(
        Path(args.out),
        counts,
        args.seed,
        Settings(
            size=args.size,
            neighbours=args.neighbours,
            unannotated=args.unannotated,
            difficulty=args.knobs,
        ),
        overwrite=args.overwrite,
        workers=args.workers,
        progress=progress_bar,
    )
    print(
        f'wrote {made["images"]} key slices (train {counts[0]}, val '
        f'{counts[1]}, test {counts[2]}) of {made["patients"]} patients with '
        f'{made["lesions"]} lesions ({made["rows"]} in DL_info.csv) and '
        f'{made["confusers"]} confusers to {args.out}'
    )


def _make_pairs(args: argparse.Namespace) -> None:
    seen = make_pairs(
        args.out,
        args.follow_up_pairs,
        args.seed,
        PairSettings(size=args.size),
        progress_bar,
    )
    print(
        f'wrote {args.follow_up_pairs} pairs of scans with {seen} lesions '
        f'that both scans show to {args.out}'
    )


if __name__ == '__main__':
    with user_errors():
        main()
