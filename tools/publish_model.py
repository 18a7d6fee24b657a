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

from mmuldor.cli.errors import user_errors


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('checkpoint', help='file of a training')
    parser.add_argument(
        '--out', required=True, metavar='DIR', help='folder to write to'
    )
    parser.add_argument(
        '--name', help="first part of the file names (default: the config's)"
    )
    parser.add_argument('--froc', help='froc.json of tools/froc.py')
    parser.add_argument('--data', help='what it was trained on')
    parser.add_argument(
        '--licence', default='not stated', help='of the weights'
    )
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Publish."""
    args = parse_args(argv)
    from mmuldor.apis.publish import publish_model

    written = publish_model(
        args.checkpoint,
        args.out,
        name=args.name,
        froc=args.froc,
        data=args.data,
        licence=args.licence,
    )
    for path in written:
        print(f'wrote {path}')


if __name__ == '__main__':
    main()
