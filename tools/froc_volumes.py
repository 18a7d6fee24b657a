"""FROC per volume: 3-D lesions of whole scans.

    python tools/froc_volumes.py --volumes data/own/volumes.json \\
        --split test --dets found --out froc.json

`volumes.json` comes from data_prep/volumes_to_coco.py; `found` is a folder
that holds one folder per scan with the lesions.json of tools/infer.py. Use a
low --score-thr there, or the curve ends early. A scan belongs to the volume
of the same name.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli import arguments, types
from mmuldor.cli.errors import user_errors
from mmuldor.evaluation import volume_froc
from mmuldor.evaluation.volume_detections import find_lesion_files
from mmuldor.functional.matching_3d import HIT_RULES, IOU_THR
from mmuldor.io.json_files import write_json
from mmuldor.io.paths import check_outputs


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = arguments.make_parser(__doc__)
    parser.add_argument(
        '--volumes', type=types.path, required=True, help='volumes.json'
    )
    parser.add_argument(
        '--dets',
        type=types.path,
        nargs='+',
        help='lesions.json files, or folders that hold them at any depth',
    )
    parser.add_argument(
        '--list',
        action='store_true',
        help='print the scan files of the split, one per line, and exit',
    )
    arguments.add_volume_rules(parser, 'test', HIT_RULES, IOU_THR)
    arguments.add_fp_rates(parser, volume_froc.FP_RATES, 'volume')
    arguments.add_curve_outputs(parser)
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Evaluate, print, draw, write."""
    args = vars(parse_args(argv))
    if args.pop('list'):
        _list_files(args)
        return
    out, plot = args.pop('out'), args.pop('plot')
    inputs = {'volumes': args.pop('volumes'), 'dets': args.pop('dets')}
    if not inputs['dets']:
        raise ValueError('give the detections: `--dets FOLDER`.')
    files = map(str, find_lesion_files(inputs['dets']))
    check_outputs([inputs['volumes'], *files], (out, plot))
    evaluation = volume_froc.evaluate_volume_files(*inputs.values(), **args)
    print(volume_froc.volume_table(evaluation))
    if plot:
        # Late, as in tools/froc.py.
        from mmuldor.evaluation.froc_plot import plot_froc

        curves = {Path(inputs['dets'][0]).stem: evaluation.curve}
        plot_froc(plot, curves, volume_froc.FP_RATES[-1], 'volume')
    if out:
        report = volume_froc.volume_evaluation_dict(evaluation)
        write_json(out, {**report, 'inputs': inputs}, indent=2)


def _list_files(args: dict[str, Any]) -> None:
    for option in ('dets', 'out', 'plot'):
        if args[option]:
            raise ValueError(
                f'--{option} must be used without --list, which evaluates '
                'nothing. Leave one out.'
            )
    print(*volume_froc.scan_files(args['volumes'], args['split']), sep='\n')


if __name__ == '__main__':
    with user_errors():
        main()
