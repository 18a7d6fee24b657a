"""Calibrate a detector on its results for the validation split.

    python tools/test.py CONFIG CHECKPOINT --split val --out val_results.json
    python tools/calibrate.py --ann data/DeepLesion/val.json \\
        --dets val_results.json --out calibration.json --fps 1
    python tools/infer.py SCAN CONFIG CHECKPOINT --out found \\
        --calibration calibration.json

Turns scores into probabilities (isotonic regression) and finds the threshold
of an operating point, by FPs per image or by sensitivity.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import check_outputs, user_errors
from mmuldor.evaluation.calibration.calibration_file import (
    fit_calibration,
    write_calibration,
)
from mmuldor.evaluation.ground_truth import GroundTruth, patients_of
from mmuldor.evaluation.results import load_detections
from mmuldor.evaluation.slice_froc import evaluate_slices
from mmuldor.io.annotations import load_annotations


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    arguments.add_annotations(parser)
    arguments.add_detections(parser)
    arguments.add_out(parser, 'JSON file to write')
    parser.add_argument(
        '--plot', type=types.picture, help='reliability (.png, .pdf, .svg)'
    )
    arguments.add_operating_point(parser, ' (default 1)')
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Fit, print, draw, write."""
    args = parse_args(argv)
    check_outputs((args.ann, args.dets), (args.out, args.plot))
    document = load_annotations(args.ann)
    truth = GroundTruth.of(document, args.ann)
    detections = load_detections(args.dets, truth.all_images, truth.names)
    evaluation = evaluate_slices(truth, detections)
    fitted = fit_calibration(
        evaluation,
        patients_of(document, truth),
        fps_per_image=args.fps_per_image,
        sensitivity=args.sensitivity,
    )
    counts, brier, point = fitted.counts, fitted.brier, fitted.operating_point
    print(
        f'{counts["detections"]} detections on {counts["images"]} images; '
        f'Brier score {brier["score"]:.4f}, calibrated '
        f'{brier["calibrated"]:.4f} (on patients not fitted on)'
    )
    print(
        f'operating point: score threshold {point.score_thr:.4f}, '
        f'{point.fps_per_image:.2f} FPs per image, sensitivity '
        f'{100 * point.sensitivity:.1f} %'
    )
    if args.plot:
        from mmuldor.evaluation.calibration.reliability_plot import (
            plot_calibration,
        )

        matched = evaluation.matched
        plot_calibration(
            args.plot,
            matched.det_score,
            ~matched.det_is_fp,
            fitted.calibration,
        )
    write_calibration(args.out, fitted)


if __name__ == '__main__':
    main()
