"""Write the report of a comparison: table, FROC plot, figures, one page.

Example:
    python tools/report.py --ann data/test.json --images data/Images_png \\
        --run 'Mask R-CNN=mask.json' --run 'Mask R-CNN + HNEM=hnem.json' \\
        --with-fp 'Mask R-CNN + HNEM' --out work_dirs/report

Results files come from `tools/test.py --out`. Open OUT/index.html.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.cli.pairs import parse_notes, parse_runs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    arguments.add_annotations(parser, 'of the tested split')
    arguments.add_images(parser)
    arguments.add_runs(parser)
    arguments.add_with_fp(parser)
    parser.add_argument(
        '--train-ann',
        type=types.path,
        help='annotation JSON that --bank-dir was mined from',
    )
    parser.add_argument(
        '--bank-dir',
        type=types.path,
        help='folder of the epoch_NNN.json that HNEM wrote',
    )
    parser.add_argument(
        '--truth', type=types.path, help='true masks of a phantom'
    )
    parser.add_argument(
        '--note',
        type=types.pair('KEY: VALUE', ':'),
        action='append',
        default=[],
        metavar='KEY: VALUE',
        help='a line for the facts table; may be given often',
    )
    parser.add_argument('--title', type=types.text, help='heading of the page')
    arguments.add_fps_per_image(parser)
    arguments.add_seed(parser, 'of the choice of examples')
    arguments.add_out(parser, 'folder of the report')
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Write the report and print its table."""
    args = vars(parse_args(argv))
    args['runs'] = parse_runs(args.pop('run'))
    args['notes'] = parse_notes(args.pop('note'))
    if args['title'] is None:
        del args['title']
    # Late: a mistake in the arguments need not wait for matplotlib.
    from mmuldor.report.build import build_report

    build_report(**args)
    out = Path(args['out'])
    print((out / 'table.md').read_text(encoding='utf-8'))
    print(f'report: {out / "index.html"}')


if __name__ == '__main__':
    with user_errors():
        main()
