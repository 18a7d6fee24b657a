"""Mine hard negatives once, from a checkpoint, into a bank file.

Example:
    python tools/mine_hard_negatives.py CONFIG CHECKPOINT --out bank.json
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Flags of one mining round; the config's HNEMHook is the rule."""
    from mmuldor.cli.config_options import new_parser

    parser = new_parser(__doc__, checkpoints=True)
    add = parser.add_argument
    add('checkpoint', type=types.path, help='checkpoint file or URL')
    arguments.add_out(parser, 'bank file to write', types.json_file)
    add(
        '--epoch',
        type=types.whole_number(0),
        default=0,
        help='enters the seed of the draws',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Mine."""
    args = parse_args(argv)
    from mmuldor.apis import load_config, mine_hard_negatives
    from mmuldor.cli.config_options import config_arguments

    config = load_config(**config_arguments(args))
    counts = mine_hard_negatives(
        config,
        args.checkpoint,
        args.out,
        args.epoch,
        args.allow_unsafe_checkpoint,
    )
    print(', '.join(f'{name} {count}' for name, count in counts.items()))


if __name__ == '__main__':
    main()
