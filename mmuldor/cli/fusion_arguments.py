"""Command-line arguments of `tools/fuse.py`."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from mmuldor.cli import types


def add_files(parser: argparse.ArgumentParser) -> None:
    """What is read and written."""
    add = parser.add_argument
    add(
        'results',
        type=types.path,
        nargs='*',
        default=[],
        metavar='RESULTS',
        help='results JSON or work dir of each detector, two or more',
    )
    add('--out', type=types.json_file, help='results JSON to write')
    add(
        '--tune',
        type=types.path,
        nargs='+',
        metavar='VAL_RESULTS',
        help='results of the same detectors for a validation split, whose '
        'annotations are --ann',
    )
    add(
        '--ann',
        type=types.path,
        help='annotation JSON: with --tune, of the validation split; without, '
        'of the images of the results, to check their ids',
    )
    add(
        '--settings',
        type=types.path,
        help='JSON that is written with --tune and read without',
    )


def add_method(
    parser: argparse.ArgumentParser, default_iou: Mapping[str, float]
) -> None:
    """How results are fused where nothing was tuned."""
    add = parser.add_argument
    add(
        '--method',
        choices=tuple(default_iou),
        help='wbf-one (default): weighted box fusion with at most one box of '
        'each detector; wbf: as in the paper; nms; soft-nms',
    )
    add(
        '--iou-thr',
        type=types.fraction,
        help='IoU from which on boxes are taken for one lesion (default: '
        + ', '.join(f'{m} {iou:g}' for m, iou in default_iou.items())
        + ')',
    )
    add(
        '--weights',
        type=types.positive,
        nargs='+',
        metavar='WEIGHT',
        help='of each of the results (default: equal)',
    )
    add(
        '--scores',
        choices=('none', 'rank'),
        help='none (default): as they are; rank: by the number of the '
        "detector's own detections per image at or above each, for detectors "
        'whose scores differ in scale',
    )
    add('--boxes-only', action='store_true', help='leave out masks')
    add(
        '--lesion-only',
        action='store_true',
        help='leave out the false-positive class',
    )


def problem(args: argparse.Namespace) -> str:
    """What is wrong with arguments that must fit together, '' if nothing."""
    given = (args.method, args.iou_thr, args.weights, args.scores)
    if bool(args.results) != bool(args.out):
        return 'RESULTS and --out must be given together'
    if not args.results and not args.tune:
        return 'RESULTS or --tune must be given'
    if args.tune and not args.ann:
        return '--tune needs --ann, the annotations of its images'
    if args.tune and not args.results and not args.settings:
        return '--tune needs --settings, the file to write'
    if args.lesion_category and not args.tune:
        return '--lesion-category must be used with --tune, to choose of --ann'
    if any(value is not None for value in given) and (
        args.tune or args.settings
    ):
        return (
            '--method, --iou-thr, --weights and --scores are not allowed '
            'with --tune or --settings, which set them'
        )
    return ''
