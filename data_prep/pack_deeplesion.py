"""Pack the slices that a config reads, for loading without PNG decoding.

    python data_prep/pack_deeplesion.py --ann train.json val.json test.json \\
        --images Images_png --out store
    python tools/train.py CONFIG --store store

Every key slice and its neighbours are cropped to what is not constant and
compressed without loss: LoadCTSlices gives the same image to the bit. A run
that was stopped continues where it was; packing again into the same folder,
with other annotation files or more slices, adds what is not there yet. A
config of your own: dict(type='mmuldor.LoadCTSlices', store='store').
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
from mmuldor.commands import command_line, command_name

from .common.progress import progress_bar
from .deeplesion.packing import Packed, PackOptions, pack

MB = 10**6


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    defaults = PackOptions()
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    add(
        '--ann',
        type=types.path,
        nargs='+',
        required=True,
        metavar='JSON',
        help=f'train.json and so on, of {command_name("data deeplesion")}',
    )
    arguments.add_images(parser, 'Images_png, or the folder it lies in')
    arguments.add_out(parser, 'folder of the store')
    add(
        '--num-slices',
        type=types.whole_number(1, odd=True),
        default=defaults.num_slices,
        help='as in the config, odd (default 3)',
    )
    add(
        '--slice-interval',
        type=types.positive,
        metavar='MM',
        help='slice_interval_mm of the config, where it resamples',
    )
    arguments.add_workers(parser, defaults.workers)
    add(
        '--shard-mb',
        type=types.positive,
        default=defaults.shard_bytes / MB,
        help='size of one file in MB; a stopped run packs the last one again '
        '(default %(default).0f)',
    )
    add(
        '--check',
        action='store_true',
        help='afterwards compare every slice with its PNG, to the bit',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Packs, then says what is in the store and how to use it."""
    args = parse_args(argv)
    packed = pack(
        args.ann,
        args.images,
        args.out,
        PackOptions(
            num_slices=args.num_slices,
            slice_interval_mm=args.slice_interval,
            workers=args.workers,
            shard_bytes=int(args.shard_mb * MB),
            check=args.check,
        ),
        progress_bar,
    )
    _show(packed, args)


def _show(packed: Packed, args: argparse.Namespace) -> None:
    print(
        f'{args.out}: {packed.wanted} slices, {packed.new} of them new, '
        f'{packed.store_bytes / MB:.1f} MB in all'
    )
    if args.check:
        print(f'{packed.compared} slices are the same as their PNG')
    if packed.absent:
        print(
            f'warning: {packed.absent} neighbours have no file; the nearest '
            'slice that is there stands in, as with PNG',
            file=sys.stderr,
        )
    store = Path(args.out).resolve()
    print(f'use: {command_line("train", f"CONFIG --store {store}")}')


if __name__ == '__main__':
    with user_errors():
        main()
