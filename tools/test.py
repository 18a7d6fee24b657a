"""Test a checkpoint: FROC table, results file, pictures.

Example:
    python tools/test.py CONFIG CHECKPOINT --out results.json --show-dir shown
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import types
from mmuldor.cli.errors import user_errors
from mmuldor.commands import command_name


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Flags of mmdet's ``tools/test.py``."""
    from mmuldor.cli.config_options import new_parser

    parser = new_parser(__doc__, checkpoints=True, launcher=True)
    parser.add_argument(
        'checkpoint', type=types.path, help='checkpoint file or URL'
    )
    parser.add_argument(
        '--out',
        type=types.json_file,
        help='write COCO-format results (float boxes, RLE masks)',
    )
    parser.add_argument(
        '--show-dir',
        type=types.path,
        help='draw detections on windowed CT into this folder',
    )
    parser.add_argument(
        '--split',
        choices=('val', 'test'),
        default='test',
        help=f'which data to test on (val: for {command_name("calibrate")})',
    )
    parser.add_argument(
        '--tta',
        action='store_true',
        help='average over flips and neighbouring slices (`tta` of the '
        'config)',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Test."""
    args = parse_args(argv)
    from mmuldor.apis import evaluate_detector, load_config
    from mmuldor.cli.config_options import config_arguments

    config = load_config(**config_arguments(args))
    evaluate_detector(
        config,
        args.checkpoint,
        args.out,
        args.show_dir,
        args.tta,
        args.split,
        args.allow_unsafe_checkpoint,
    )


if __name__ == '__main__':
    main()
