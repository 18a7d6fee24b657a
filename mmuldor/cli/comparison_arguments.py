"""Arguments of comparisons of methods."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmuldor.cli import types


def add_tested(parser: argparse.ArgumentParser) -> None:
    """``--ann FILE [FILE ...]``."""
    parser.add_argument(
        '--ann',
        type=types.path,
        nargs='+',
        metavar='FILE',
        help='annotation JSON of the tested split (default: the '
        "test_evaluator's in the config of the first work dir); of a "
        'cross-validation, those of all folds: then a METHOD comes once a '
        'fold, in any order',
    )


def add_primary(parser: argparse.ArgumentParser) -> None:
    """``--primary NAME NAME``."""
    parser.add_argument(
        '--primary',
        type=types.text,
        nargs=2,
        action='append',
        default=[],
        metavar='NAME',
        help='two methods whose difference is tested; name all of them before '
        'you see results, since p is adjusted for their number (Holm)',
    )


def add_published(
    parser: argparse.ArgumentParser,
    keys: Sequence[str],
    default: Sequence[str],
) -> None:
    """``--published KEY [KEY ...]`` and ``--published-anyway``.

    Args:
        parser: To add them to.
        keys: Of the published rows.
        default: Those, or 'none'.
    """
    parser.add_argument(
        '--published',
        choices=[*keys, 'all', 'none'],
        nargs='+',
        default=list(default),
        metavar='KEY',
        help=f'rows of the literature: {", ".join(keys)}, all or none '
        f'(default {" ".join(default)}), shown beside results on '
        "DeepLesion's official test split",
    )
    parser.add_argument(
        '--published-anyway',
        action='store_true',
        help='show them beside other images too, with a note',
    )
