"""Strip a checkpoint to its weights and write a model card beside them.

Example:
    python tools/publish_model.py epoch_12.pth --out published \\
        --froc froc.json --data 'DeepLesion, official training split'
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
    """The command line."""
    parser = arguments.make_parser(__doc__)
    add = parser.add_argument
    add('checkpoint', type=types.path, help='file of a training')
    arguments.add_out(parser)
    add(
        '--name',
        type=types.text,
        help="first part of the file names (default: the config's)",
    )
    add('--froc', type=types.path, help='froc.json of tools/froc.py')
    add('--data', type=types.text, help='what it was trained on')
    add(
        '--licence',
        type=types.text,
        default='not stated',
        help='of the weights',
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Publish."""
    args = vars(parse_args(argv))
    from mmuldor.apis.publish import publish_model

    files = publish_model(args.pop('checkpoint'), args.pop('out'), **args)
    for path in files:
        print(f'wrote {path}')


if __name__ == '__main__':
    main()
