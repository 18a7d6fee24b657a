"""FROC of any detector's COCO-format results.

    python tools/froc.py --ann test.json --dets results.json --out froc.json

Boxes are floats `[x1, y1, x2 - x1, y2 - y1]` on both sides, in source-image
pixels whose centres lie at integers. Results of category 2 (the false-positive
class) are ignored without --with-fp-class.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli.errors import check_outputs, user_errors
from mmuldor.evaluation.slice_froc import (
    evaluate_slice_files,
    evaluation_dict,
    format_table,
)
from mmuldor.functional.froc import FP_RATES
from mmuldor.io.json_files import write_json


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--ann', required=True, help='annotation JSON of the split'
    )
    parser.add_argument('--dets', required=True, help='results JSON')
    parser.add_argument('--out', help='write the figures to this JSON')
    parser.add_argument(
        '--plot', help='draw the curve to this file (.png, .pdf, .svg)'
    )
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
    parser.add_argument(
        '--iou-thr', type=float, default=0.5, help='IoU of a hit'
    )
    parser.add_argument(
        '--fp-rates',
        type=float,
        nargs='+',
        default=FP_RATES,
        help='FPs an image at which sensitivity is reported',
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Evaluate, print, draw, write."""
    args = parse_args(argv)
    inputs = {'ann': args.ann, 'dets': args.dets}
    check_outputs(inputs.values(), (args.out, args.plot))
    evaluation = evaluate_slice_files(
        args.ann,
        args.dets,
        fp_rates=args.fp_rates,
        iou_thr=args.iou_thr,
        with_fp_class=args.with_fp_class,
        keep_noisy=args.keep_noisy,
    )
    print(format_table(evaluation))
    if args.plot:
        # matplotlib takes longer to import than all the rest takes.
        from mmuldor.evaluation.froc_plot import plot_froc

        plot_froc(args.plot, {Path(args.dets).stem: evaluation.curve})
    if args.out:
        report = {**evaluation_dict(evaluation), 'inputs': inputs}
        write_json(args.out, report, indent=2)


if __name__ == '__main__':
    with user_errors():
        main()
