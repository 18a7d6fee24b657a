"""FROC per volume: 3-D lesions of whole scans.

    python tools/froc_volumes.py --volumes data/own/volumes.json \\
        --split test --dets found --out froc.json

`volumes.json` comes from data_prep/volumes_to_coco.py; `found` is a folder
with a lesions.json of tools/infer.py in a folder a scan. Infer with a low
--score-thr, or the curve ends early. Names of scans and folders join the two.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # run as a file, not by -m
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmuldor.cli.errors import check_outputs, user_errors
from mmuldor.evaluation.volume_detections import find_lesion_files
from mmuldor.evaluation.volume_froc import (
    FP_RATES,
    evaluate_volume_files,
    volume_report,
    volume_table,
)
from mmuldor.functional.matching_3d import HIT_RULES, IOU_THR
from mmuldor.io.json_files import write_json
from mmuldor.io.volume_annotations import load_volumes


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--volumes', required=True, help='volumes.json')
    parser.add_argument(
        '--dets',
        nargs='+',
        help='lesions.json files, or folders that hold them at any depth',
    )
    parser.add_argument(
        '--list',
        action='store_true',
        help='print the scan files of the split and end, one a line',
    )
    parser.add_argument(
        '--split',
        choices=('train', 'val', 'test', 'all'),
        default='test',
        help='volumes that count (default test)',
    )
    parser.add_argument(
        '--hit',
        choices=HIT_RULES,
        default='iou',
        help="iou: 3-D IoU (default); center: centre in the lesion's box; "
        'radius: centres nearer than half of its longest side (LUNA16)',
    )
    parser.add_argument(
        '--iou-thr',
        type=float,
        default=IOU_THR,
        help=f'3-D IoU of a hit (default {IOU_THR})',
    )
    parser.add_argument(
        '--fp-rates',
        type=float,
        nargs='+',
        default=FP_RATES,
        help='FPs a volume at which sensitivity is reported',
    )
    parser.add_argument('--out', help='write the figures to this JSON')
    parser.add_argument(
        '--plot', help='draw the curve to this file (.png, .pdf, .svg)'
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Evaluate, print, draw, write."""
    args = parse_args(argv)
    if args.list:
        for volume in load_volumes(args.volumes, args.split):
            print(volume.file)
        return
    if not args.dets:
        raise ValueError('give the detections: `--dets FOLDER`.')
    files = [args.volumes, *map(str, find_lesion_files(args.dets))]
    check_outputs(files, (args.out, args.plot))
    evaluation = evaluate_volume_files(
        args.volumes,
        args.dets,
        split=args.split,
        fp_rates=args.fp_rates,
        hit=args.hit,
        iou_thr=args.iou_thr,
    )
    print(volume_table(evaluation))
    if args.plot:
        # matplotlib takes longer to import than all the rest takes.
        from mmuldor.evaluation.froc_plot import plot_froc

        name = Path(args.dets[0]).stem
        plot_froc(args.plot, {name: evaluation.curve}, FP_RATES[-1], 'volume')
    if args.out:
        inputs = {'volumes': args.volumes, 'dets': args.dets}
        report = {**volume_report(evaluation), 'inputs': inputs}
        write_json(args.out, report, indent=2)


if __name__ == '__main__':
    with user_errors():
        main()
