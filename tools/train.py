"""Train a detector from a config.

Example:
    python tools/train.py configs/uldor/uldor_r101_fpn_hnem-12e_deeplesion.py
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import types
from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Flags of mmdet's ``tools/train.py``."""
    from mmuldor.cli.config_options import new_parser

    parser = new_parser(__doc__, checkpoints=True, launcher=True)
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: bfloat16 on a GPU, or a CPU with AMX; '
        'float16 on an older GPU',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action=argparse.BooleanOptionalAction,
        help='scale the learning rate to the batch size, or do not; by '
        'default it is scaled, but for a rate that you type',
    )
    parser.add_argument(
        '--resume',
        type=types.path,
        nargs='?',
        const='auto',
        help='resume from a checkpoint, by default the latest of the work dir',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Train."""
    args = parse_args(argv)
    from mmuldor.apis import load_config, train_detector
    from mmuldor.cli.config_options import config_arguments

    config = load_config(**config_arguments(args))
    train_detector(
        config,
        args.amp,
        args.auto_scale_lr,
        args.resume,
        args.allow_unsafe_checkpoint,
    )


if __name__ == '__main__':
    main()
