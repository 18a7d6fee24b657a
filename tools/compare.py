"""Compare methods: one table with intervals, differences, a FROC plot.

Each METHOD is NAME=PATH: results of `tools/test.py --out`, or a work dir with
a `results.json`. The same NAME again is another run of it. NAME@SEED=PATH says
which runs of two methods belong together; without SEED they are not paired.

With several seeds each, a difference is one of methods; with one, of these
trainings. Only comparisons given with --primary are tested.

Example:
    python tools/compare.py mask@0=work_dirs/mask-0 mask@1=work_dirs/mask-1 \\
        hnem@0=work_dirs/hnem-0 hnem@1=work_dirs/hnem-1 --primary mask hnem \\
        --ann data/DeepLesion/test.json --out work_dirs/comparison
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, comparison_arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.comparison.published import PAPER_ROWS, PUBLISHED
from mmuldor.functional.froc import FP_RATES


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument(
        'methods', type=types.path, nargs='+', metavar='METHOD'
    )
    comparison_arguments.add_tested(parser)
    arguments.add_lesion_category(parser)
    arguments.add_with_fp(parser)
    comparison_arguments.add_published(parser, list(PUBLISHED), PAPER_ROWS)
    arguments.add_fp_rates(parser, FP_RATES)
    parser.add_argument(
        '--stratum-fps',
        type=types.not_negative,
        default=4.0,
        metavar='FPS',
        help='FPs per image of the figures by lesion size, interval and type '
        '(default 4)',
    )
    parser.add_argument(
        '--level',
        type=types.level,
        default=0.95,
        help='of the confidence intervals (default 0.95)',
    )
    parser.add_argument(
        '--resamples',
        type=types.count,
        default=2000,
        help='of the patients, for the intervals (default 2000)',
    )
    parser.add_argument(
        '--permutations',
        type=types.whole_number(0),
        default=2000,
        help='exchanges of each test of the given trainings, whose p is in '
        'comparison.json alone; 0 for no test',
    )
    comparison_arguments.add_primary(parser)
    arguments.add_seed(parser, 'of the resampling')
    arguments.add_out(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Compare, write, print the table."""
    args = parse_args(argv)
    # Late: a mistake in the arguments need not wait for matplotlib.
    from mmuldor.evaluation.comparison.compare import Settings
    from mmuldor.evaluation.comparison.compare_runs import compare_runs
    from mmuldor.evaluation.comparison.named_runs import split_method

    settings = Settings(
        fp_rates=tuple(args.fp_rates),
        stratum_fps=args.stratum_fps,
        level=args.level,
        num_resamples=args.resamples,
        num_permutations=args.permutations,
        seed=args.seed,
        primary=tuple(map(tuple, args.primary)),
    )
    if args.ann is None:
        from mmuldor.apis import tested_annotations

        args.ann = tested_annotations(
            split_method(text)[1] for text in args.methods
        )
    text = compare_runs(
        args.out,
        args.methods,
        args.ann,
        with_fp=args.with_fp,
        published=args.published,
        published_anyway=args.published_anyway,
        settings=settings,
        lesion_category=args.lesion_category,
    )
    print(f'{text}\nwritten to {args.out}')


if __name__ == '__main__':
    with user_errors():
        main()
