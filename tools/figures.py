"""Draw one of the paper's figures to PNG, PDF or SVG files.

Examples:
    python tools/figures.py pseudo-masks --ann train.json \\
        --images Images_png --out fig2.png fig2.pdf
    python tools/figures.py mined --ann train.json --images Images_png \\
        --bank WORK_DIR/hard_negatives/epoch_000.json --out fig3.png
    python tools/figures.py side-by-side --ann test.json --images Images_png \\
        --run 'Mask R-CNN=a.json' --run 'Mask R-CNN + HNEM=b.json' \\
        --out fig4.png
    python tools/figures.py froc --ann test.json --run 'Mask R-CNN=a.json' \\
        --published vgg16 uldor --out fig5.pdf
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, comparison_arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.cli.pairs import parse_runs
from mmuldor.evaluation.comparison.published import PUBLISHED


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; a figure each is a command."""
    parser = arguments.make_parser(__doc__)
    figures = parser.add_subparsers(dest='command', required=True)
    fig2 = figures.add_parser('pseudo-masks', help='Fig. 2')
    fig2.add_argument(
        '--truth', type=types.path, help='true masks of a phantom'
    )
    fig3 = figures.add_parser('mined', help='Fig. 3')
    fig3.add_argument(
        '--bank',
        type=types.path,
        required=True,
        help='bank file of a round',
    )
    fig4 = figures.add_parser('side-by-side', help='Fig. 4')
    arguments.add_fps_per_image(fig4)
    fig5 = figures.add_parser('froc', help='Fig. 5')
    arguments.add_with_fp(fig5)
    arguments.add_lesion_category(fig5)
    comparison_arguments.add_published(fig5, list(PUBLISHED), ['none'])
    for figure in (fig2, fig3, fig4, fig5):
        arguments.add_annotations(figure)
        figure.add_argument(
            '--out',
            type=types.picture,
            nargs='+',
            required=True,
            help='.png, .pdf, .svg files',
        )
    for figure in (fig2, fig3, fig4):
        arguments.add_images(figure)
        arguments.add_seed(figure, 'of the choice of examples')
    for figure, count in ((fig2, 12), (fig3, 8), (fig4, 4)):
        figure.add_argument('--count', type=types.count, default=count)
    for figure in (fig4, fig5):
        arguments.add_runs(figure)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Draw the figure into all of its files."""
    args = vars(parse_args(argv))
    name, outputs = args.pop('command').replace('-', '_'), args.pop('out')
    if 'run' in args:
        args['runs'] = parse_runs(args.pop('run'))
    if name == 'froc':
        args['say'] = lambda text: print(f'note: {text}', file=sys.stderr)
    # Late: a mistake in the arguments need not wait for matplotlib.
    from mmuldor.report import paper_figures
    from mmuldor.visualization.panels import save_figure

    figure = getattr(paper_figures, name)(**args)
    for path in outputs:
        print(f'wrote {save_figure(figure, path)}')


if __name__ == '__main__':
    with user_errors():
        main()
