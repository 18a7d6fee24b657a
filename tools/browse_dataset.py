"""Draw the samples that a config feeds to its model.

Left the key slice as stored, with box, diameters and pseudo mask; right of it
the model's input after the whole pipeline, one picture per window.

Example:
    python tools/browse_dataset.py CONFIG --out work_dirs/browse --count 12
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Draw."""
    from mmuldor.cli.config_options import new_parser

    parser = new_parser(__doc__)
    parser.add_argument(
        '--out', type=types.path, required=True, help='folder of the pictures'
    )
    parser.add_argument(
        '--split', choices=('train', 'val', 'test'), default='train'
    )
    parser.add_argument(
        '--count', type=types.count, default=20, help='number of samples'
    )
    arguments.add_seed(parser, 'of the choice')
    args = parser.parse_args(argv)

    from mmuldor.apis import load_config
    from mmuldor.apis.browse import browse_dataset
    from mmuldor.cli.config_options import config_arguments

    config = load_config(**config_arguments(args))
    paths = browse_dataset(config, args.out, args.split, args.count, args.seed)
    print(f'{len(paths)} samples drawn to {args.out}')


if __name__ == '__main__':
    main()
