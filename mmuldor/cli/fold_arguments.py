"""Arguments of files that are one or, of a cross-validation, one a fold."""

from __future__ import annotations

import argparse

from mmuldor.cli import types


def add_folds(parser: argparse.ArgumentParser) -> None:
    """``--ann FILE [FILE ...]`` and ``--dets FILE [FILE ...]``."""
    parser.add_argument(
        '--ann',
        type=types.path,
        nargs='+',
        required=True,
        metavar='FILE',
        help='annotation JSON of the split; of a cross-validation, those of '
        'all folds, whose images are evaluated as one',
    )
    parser.add_argument(
        '--dets',
        type=types.path,
        nargs='+',
        required=True,
        metavar='FILE',
        help='results JSON, or a work dir with a results.json; of each fold '
        'one, in any order',
    )
