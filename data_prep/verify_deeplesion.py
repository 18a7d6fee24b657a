"""Check that a download of DeepLesion is complete and intact.

    python data_prep/verify_deeplesion.py --csv DL_info.csv \\
        --images Images_png --zips DIR

Every key slice and every neighbour in its slice range must be there, a 16-bit
PNG of the CSV's size that is not truncated (head and end are read, nothing is
decoded). Of the zip parts, the central directory is read, and no member may
leave the folder. OUT/verify.json lists what is missing; intact files are
remembered in OUT/verified.json, so that the next run only checks files that
are new or have changed. The exit code is 0 if the CSV has rows
and nothing is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    __package__ = 'data_prep'

from rich.console import Console

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.commands import command_name

from .common.progress import progress_bar
from .deeplesion.verification.advice import advice, table
from .deeplesion.verification.verify import (
    REPORT_FILE,
    Verification,
    VerifyOptions,
    verify,
)
from .deeplesion.verification.zip_parts import NUM_PARTS


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the command line."""
    numbers = range(1, NUM_PARTS + 1)
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    add('--csv', type=types.path, required=True, help='DL_info.csv')
    arguments.add_images(parser, 'Images_png, or the folder it lies in')
    add(
        '--zips',
        type=types.path,
        metavar='DIR',
        help='folder of Images_png_01.zip and so on',
    )
    add(
        '--parts',
        type=int,
        nargs='+',
        choices=numbers,
        metavar='N',
        default=numbers,
        help='zip parts that should be there (default: all of 1 to 56)',
    )
    add(
        '--annotations',
        dest='ann_files',
        type=types.path,
        nargs='+',
        metavar='JSON',
        default=(),
        help='check only images of these files of '
        f'{command_name("data deeplesion")}',
    )
    add(
        '--neighbours',
        type=types.whole_number(0),
        metavar='N',
        help='check only N slices on each side of a key slice (default: '
        'for all of the slice range)',
    )
    arguments.add_workers(parser, 16)
    add(
        '--out',
        type=types.path,
        default='work_dirs/verify',
        help='folder of verify.json (default work_dirs/verify)',
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Verifies, shows what is missing; returns the exit code."""
    args = vars(parse_args(argv))
    csv, images, out = map(args.pop, ('csv', 'images', 'out'))
    result = verify(csv, images, out, VerifyOptions(**args), progress_bar)
    _show(result, out)
    return 0 if result.complete else 1


def _show(result: Verification, out: str) -> None:
    official = "the release's own" if result.official else 'of unknown origin'
    print(f'CSV of git hash {result.digest}: {official}')
    Console().print(table(result))
    whole = sum(part.state == 'whole' for part in result.parts)
    if result.parts:
        print(f'{whole} of {len(result.parts)} zip parts are whole')
    print(f'{result.opened} files opened, {result.known} known to be whole')
    for line in advice(result):
        print(f'- {line}')
    words = 'complete' if result.complete else 'NOT complete'
    print(f'{words}; see {Path(out) / REPORT_FILE}')


if __name__ == '__main__':
    with user_errors():
        sys.exit(main())
