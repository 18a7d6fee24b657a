"""Command-line arguments of `tools/convert_results.py`."""

from __future__ import annotations

import argparse

from mmuldor.cli import types


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The results and the images they are of."""
    parser.add_argument(
        'results',
        type=types.path,
        help='.json, .csv, .npz or a folder of .txt',
    )
    ann = parser.add_mutually_exclusive_group(required=True)
    ann.add_argument(
        '--ann', type=types.path, help='annotation JSON of the split'
    )
    ann.add_argument(
        '--write-ann',
        type=types.path,
        metavar='FILE',
        help='annotation JSON to write: the lesions that an npz file holds',
    )
    parser.add_argument(
        '--images-file',
        type=types.path,
        help='COCO file whose image ids the results have',
    )


def add_classes(parser: argparse.ArgumentParser) -> None:
    """What their classes are."""
    parser.add_argument(
        '--classes',
        type=types.pair('THEIRS=OURS', '='),
        nargs='+',
        default=[],
        metavar='THEIRS=OURS',
        help='lesion, fp (false-positive class) or drop, of each of their '
        'classes (default: the only one is the lesion)',
    )
    parser.add_argument(
        '--class-column',
        type=types.text,
        metavar='COLUMN',
        help='column of a CSV with the class; none: there is none (default: '
        'label, class, category or name)',
    )
