"""FROC of any detector's COCO-format results.

    python tools/froc.py --ann test.json --dets results.json --out froc.json

Boxes are floats `[x1, y1, x2 - x1, y2 - y1]` on both sides, in source-image
pixels whose centres lie at integers. Results of category 2 (the false-positive
class) are ignored without --with-fp-class.

Folds of a cross-validation, evaluated as one (each image is tested once):
    python tools/froc.py --ann folds/{0,1,2,3,4}/test.json \\
        --dets work_dirs/fold_{0,1,2,3,4} --out froc.json
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation import slice_froc
from mmuldor.evaluation.froc_table import format_table
from mmuldor.evaluation.results import results_file
from mmuldor.functional.froc import FP_RATES
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import check_outputs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    arguments.add_folds(parser)
    arguments.add_curve_outputs(parser)
    parser.add_argument(
        '--with-fp-class',
        action='store_true',
        help='append the false-positive class, ranked below all lesions',
    )
    parser.add_argument(
        '--keep-noisy',
        action='store_true',
        help='count lesions whose annotation is flagged as noisy too',
    )
    arguments.add_lesion_category(parser)
    arguments.add_hit(parser, 0.5)
    arguments.add_fp_rates(parser, FP_RATES)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Evaluate, print, draw, write."""
    args = vars(parse_args(argv))
    out, plot = args.pop('out'), args.pop('plot')
    # A work dir holds the file that must not be overwritten.
    dets = [str(results_file(path)) for path in args.pop('dets')]
    inputs = {'ann': args.pop('ann'), 'dets': dets}
    check_outputs([*inputs['ann'], *dets], (out, plot))
    evaluation = slice_froc.evaluate_slice_files(*inputs.values(), **args)
    print(format_table(evaluation))
    if plot:
        # matplotlib takes longer to import than all the rest takes.
        from mmuldor.evaluation.froc_plot import plot_froc

        name = Path(dets[0]).stem if len(dets) == 1 else f'{len(dets)} folds'
        plot_froc(plot, {name: evaluation.curve})
    if out:
        report = slice_froc.evaluation_dict(evaluation)
        # Of one file, its name alone, as froc.json has always had it.
        given = {k: v if v[1:] else v[0] for k, v in inputs.items()}
        write_json(out, {**report, 'inputs': given}, indent=2)


if __name__ == '__main__':
    with user_errors():
        main()
