"""Check a config before a long run: files, data, model, time and memory.

Checks that every slice of every split exists, that no patient is in two
splits, the classes, and that the weights to start from are there; matches the
model's anchors with every lesion of the training split; with `load_from`, says
what the RoI sampler chooses; draws the first batch; runs a few iterations and
estimates the time of an epoch. The exit code is 1 if something must be
corrected.

Example:
    python tools/check.py configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import types
from mmuldor.cli.errors import user_errors

COLORS = {'ok': 'green', 'warning': 'yellow', 'error': 'red'}


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Check and print."""
    from mmuldor.cli.config_options import new_parser

    parser = new_parser(__doc__)
    parser.add_argument(
        '--out',
        type=types.path,
        help='folder of the pictures (default: WORK_DIR/check)',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='measure time and memory of `--amp` of the training',
    )
    args = parser.parse_args(argv)

    from rich.console import Console

    from mmuldor.apis import load_config
    from mmuldor.apis.checks.config import check_config
    from mmuldor.cli.config_options import config_arguments

    config = load_config(**config_arguments(args))
    console, errors = Console(), 0
    out = args.out or Path(config.work_dir) / 'check'
    for finding in check_config(config, out, args.amp):
        color = COLORS[finding.level]
        console.print(f'[{color}]{finding.level:>7}[/]', end='  ')
        console.print(finding.text, markup=False, highlight=False)
        errors += finding.level == 'error'
    if errors:
        raise ValueError(f'{errors} of these must be corrected before a run.')


if __name__ == '__main__':
    main()
