"""Calibrate a detector on its results for the validation split.

Lesions of volumes, for tools/infer.py; run it with a low threshold:

    python tools/froc_volumes.py --volumes data/own/volumes.json \\
        --split val --list > val.txt
    python tools/infer.py --scans-from val.txt CONFIG CHECKPOINT \\
        --score-thr 0.05 --out found
    python tools/calibrate.py --volumes data/own/volumes.json --dets found \\
        --out calibration.json --fps 4 --plot reliability.png
    python tools/infer.py SCAN CONFIG CHECKPOINT --out found_of_scan \\
        --calibration calibration.json

Detections on key slices, whose rates and probabilities hold for key slices
alone:

    python tools/test.py CONFIG CHECKPOINT --split val --out val_results.json
    python tools/calibrate.py --ann data/DeepLesion/val.json \\
        --dets val_results.json --out calibration.json --fps 1

Turns scores into probabilities (isotonic regression) and finds the threshold
of an operating point, by FPs per volume or image, or by sensitivity.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation.calibration.calibration_file import write_calibration
from mmuldor.evaluation.calibration.from_files import (
    calibrate_slices,
    calibrate_volumes,
)
from mmuldor.evaluation.calibration.summary import summary
from mmuldor.evaluation.results import results_file
from mmuldor.evaluation.volume_detections import find_lesion_files
from mmuldor.functional.matching_3d import HIT_RULES, IOU_THR
from mmuldor.io.paths import check_outputs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--volumes', type=types.path, help='volumes.json: lesions in volumes'
    )
    source.add_argument(
        '--ann', type=types.path, help='annotation JSON: lesions on key slices'
    )
    parser.add_argument(
        '--dets',
        type=types.path,
        nargs='+',
        required=True,
        help='with --volumes lesions.json files, or folders that hold them '
        'at any depth; with --ann a results JSON',
    )
    arguments.add_volume_rules(parser, 'val', HIT_RULES, IOU_THR)
    arguments.add_lesion_category(parser)
    arguments.add_out(parser, 'JSON file to write', types.json_file)
    parser.add_argument(
        '--plot',
        type=types.picture,
        help='reliability on patients not fitted on (.png, .pdf, .svg)',
    )
    default = ' (default 4), with --ann per image (default 1)'
    arguments.add_operating_point(parser, default)
    return parser.parse_args(argv)


@user_errors()
def main(argv: list[str] | None = None) -> None:
    """Fit, print, draw, write."""
    args = parse_args(argv)
    point = {'fps': args.fps, 'sensitivity': args.sensitivity}
    if args.volumes:
        if args.lesion_category:
            raise ValueError('--lesion-category must be used with --ann.')
        files = find_lesion_files(args.dets)
        check_outputs((args.volumes, *map(str, files)), (args.out, args.plot))
        fit = calibrate_volumes(
            *(args.volumes, files, args.split, args.hit, args.iou_thr), **point
        )
    else:
        if len(args.dets) > 1:
            raise ValueError(
                '--dets must be one results JSON where --ann is given, but '
                f'got {len(args.dets)} files.'
            )
        arguments.refuse_volume_rules(args, 'val', IOU_THR)
        dets = str(results_file(args.dets[0]))
        check_outputs((args.ann, dets), (args.out, args.plot))
        fit = calibrate_slices(
            args.ann,
            dets,
            **point,
            lesion_category=args.lesion_category,
            say=lambda text: print(f'note: {text}'),
        )
    print(*summary(fit.file), sep='\n')
    if args.plot:
        # Late, as in tools/froc.py.
        from mmuldor.evaluation.calibration.reliability_plot import (
            plot_calibration,
        )

        plot_calibration(args.plot, fit)
    write_calibration(args.out, fit.file)


if __name__ == '__main__':
    main()
