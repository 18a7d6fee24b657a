"""Turn PNG series into NIfTI volumes, and NIfTI volumes into PNG series.

    python data_prep/convert_volumes.py to-nifti Images_png \\
        --csv DL_info.csv --out nifti
    python data_prep/convert_volumes.py to-nifti Images_png/000001_01_01 \\
        --spacing 0.49 0.49 5 --out nifti
    python data_prep/convert_volumes.py to-png nifti --out Images_png

Slices of neighbouring numbers make one volume, 000001_01_01_103-115.nii.gz;
its voxels lie right in the patient, at an origin that is not known. The way
back gives the same pixels. A volume of whole HU is kept to the bit; the place
in the patient is lost in PNG, the spacing is kept in a JSON file beside the
series. What is already there is left alone.
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
from .deeplesion.volumes import convert

_SHOWN = 5


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    parser = arguments.make_parser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    nifti = commands.add_parser('to-nifti', help='PNG series to NIfTI')
    nifti.add_argument(
        'images', type=types.path, help='Images_png, or one series of it'
    )
    source = nifti.add_mutually_exclusive_group()
    source.add_argument(
        '--csv',
        type=types.path,
        help='DL_info.csv: its series and their spacing',
    )
    arguments.add_spacing(source, 'all series')
    png = commands.add_parser('to-png', help='NIfTI to PNG series')
    png.add_argument(
        'volumes',
        type=types.path,
        nargs='+',
        help='files, or folders of them',
    )
    for command in (nifti, png):
        arguments.add_out(command)
        command.add_argument(
            '--overwrite', action='store_true', help='also what is there'
        )
        arguments.add_accept_values(command)
        arguments.add_workers(command, min(4, os.cpu_count() or 1))
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Converts, says what was done; returns the exit code."""
    args = parse_args(argv)
    options = {
        'workers': args.workers,
        'overwrite': args.overwrite,
        'accept_values': args.accept_values,
        'progress': progress_bar,
    }
    if args.command == 'to-nifti':
        spacings = convert.Spacings(args.csv, args.spacing)
        done = convert.to_nifti(args.images, args.out, spacings, **options)
    else:
        done = convert.to_png(args.volumes, args.out, **options)
    _show(done, args.out)
    return 1 if done.errors else 0


def _show(done: convert.ConvertedSeries, out: str) -> None:
    print(
        f'{out}: {len(done.written)} volumes written, {len(done.kept)} were '
        'there'
    )
    for kind, lines in (('note', done.notes), ('error', done.errors)):
        for line in lines[:_SHOWN]:
            print(f'{kind}: {line}', file=sys.stderr)
        if len(lines) > _SHOWN:
            more = len(lines) - _SHOWN
            print(f'{kind}: {more} more volumes', file=sys.stderr)


if __name__ == '__main__':
    with user_errors():
        sys.exit(main())
