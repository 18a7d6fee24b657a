"""The command line of `mmuldor pacs`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from datetime import date, timedelta

from mmuldor.cli import scan_arguments, types

_TAG = re.compile('[0-9A-Fa-f]{8}')


def add_model(parser: argparse.ArgumentParser) -> None:
    """A bundle, or a config and its weights; see :func:`check_model`."""
    for name, what in (
        ('config', 'config file of the training, if not --model'),
        ('checkpoint', 'its weights'),
    ):
        parser.add_argument(
            name,
            nargs='?',
            type=types.path,
            metavar=name.upper(),
            help=what,
        )
    scan_arguments.add_model(parser)


def check_model(
    parser: argparse.ArgumentParser, args: argparse.Namespace
) -> None:
    """Refuse a command line with no model, half of one, or two."""
    given = [name for name in (args.config, args.checkpoint) if name]
    scan_arguments.refuse_bundle(parser, given)
    if len(given) != (2 if args.model is None else 0):
        parser.error(
            'CONFIG and CHECKPOINT must be given, or --model alone, but got '
            f'{given or "neither"}'
            + ('' if args.model is None else f' and --model {args.model!r}')
        )


def add_server(parser: argparse.ArgumentParser) -> None:
    """Where the server is, and how it is reached."""
    add = parser.add_argument
    add(
        '--dicomweb',
        required=True,
        type=types.text,
        metavar='URL',
        help='of its DICOMweb service, like https://pacs:8043/dicom-web',
    )
    add(
        '--credentials',
        type=types.path,
        metavar='FILE',
        help='with USER:PASSWORD or Bearer TOKEN (default: '
        'MMULDOR_PACS_USER and MMULDOR_PACS_PASSWORD, MMULDOR_PACS_TOKEN, '
        'or ~/.netrc)',
    )
    tls = parser.add_mutually_exclusive_group()
    tls.add_argument(
        '--ca-file',
        type=types.path,
        metavar='FILE',
        help='certificates to trust in place of those of the system',
    )
    tls.add_argument(
        '--insecure-tls',
        action='store_true',
        help='take any certificate, and http:// of another machine: anybody '
        'between may read and change all that is sent',
    )
    add(
        '--timeout-s',
        type=types.positive,
        default=60.0,
        help='how long the server may be silent (default 60)',
    )


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Which series, and when."""
    add = parser.add_argument
    add(
        '--work',
        type=types.path,
        required=True,
        metavar='FOLDER',
        help='state, and results that are not stored yet; processes that '
        'share it share the series',
    )
    add(
        '--once',
        action='store_true',
        help='end when each series is done or left alone (default: go on)',
    )
    add(
        '--every-s',
        type=types.positive,
        default=30.0,
        help='pause between two looks at the server (default 30)',
    )
    add(
        '--rest-s',
        type=types.not_negative,
        default=120.0,
        help='a series that got no instance for so long is whole '
        '(default 120)',
    )
    add(
        '--give-up-s',
        type=types.positive,
        help='end when the server is away for so long (default: never; with '
        '--once 3600)',
    )
    add(
        '--days',
        type=types.count,
        help='only studies of the last so many days, today included '
        '(default: all)',
    )
    add(
        '--filter',
        action='append',
        default=[],
        type=types.pair('KEY=VALUE', '='),
        metavar='KEY=VALUE',
        help='only series with this, like BodyPartExamined=CHEST; may be '
        'given often',
    )


def search_filters(
    days: int | None,
    pairs: list[str],
    today: Callable[[], date] = date.today,
) -> Callable[[], dict[str, str]]:
    """Conditions of a search (PS3.18, 8.3.4), which move with the days.

    Args:
        days: Of studies, counted back from today.
        pairs: KEY=VALUE.
        today: The day.

    Raises:
        ValueError: If a condition comes twice, or is none of DICOM.
    """
    from pydicom.datadict import tag_for_keyword

    given: dict[str, str] = {}
    for pair in pairs:
        key, _, value = pair.partition('=')
        if key in given or key == 'Modality':
            raise ValueError(
                '--filter must give each key once, and not Modality, which '
                f'is CT, but got {key}.'
            )
        if tag_for_keyword(key) is None and not _TAG.fullmatch(key):
            raise ValueError(
                '--filter must have a keyword or a tag of DICOM, like '
                f'BodyPartExamined or 00180015, but got {key}.'
            )
        given[key] = value
    if days is None:
        return lambda: given
    if 'StudyDate' in given:
        raise ValueError(
            '--days must be used without --filter StudyDate, but got both.'
        )

    def of_today() -> dict[str, str]:
        first = today() - timedelta(days=days - 1)
        return {**given, 'StudyDate': f'{first:%Y%m%d}-'}

    return of_today
