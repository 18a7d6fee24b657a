"""The result of a verification on the console, with recommended actions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from rich.table import Table

from mmuldor.functional.slices import ranges_text

from ...common.dl_info import OFFICIAL_ROWS
from ..conversion.image_checks import FOLDER
from .verify import REPORT_FILE, Verification

_SHOWN, _GROUPS_SHOWN = 3, 8


def table(result: Verification) -> Table:
    """Counts of requested, missing and damaged slices."""
    counts = Table('', title=f'{result.requested.rows} rows of the CSV')
    for column in ('requested', 'missing', 'damaged'):
        counts.add_column(column, justify='right')
    for kind, found in result.counts().items():
        name = kind.replace('_', ' ')
        counts.add_row(name, *map(str, found.values()))
    return counts


def advice(result: Verification) -> Iterator[str]:
    """The recommended actions, one line each."""
    yield from _csv_advice(result)
    yield from _zip_advice(result)
    yield from _missing_advice(result)
    yield from _damage_advice(result)


def _csv_advice(result: Verification) -> Iterator[str]:
    rows = result.requested.rows
    if not rows:
        yield (
            'The CSV has no rows, so nothing could be checked. Download it '
            'again.'
        )
    elif rows < OFFICIAL_ROWS and not result.official:
        yield (
            f'The CSV has {rows:,} rows, fewer than the {OFFICIAL_ROWS:,} of '
            'the release, and only images of its rows were checked. Unless '
            'it was shortened on purpose, download it again.'
        )
    if result.requested.unreadable:
        unreadable = result.requested.unreadable
        yield (
            f'{len(unreadable)} rows of the CSV cannot be read: '
            f'{_some(unreadable, "; ")}. Download it again.'
        )


def _zip_advice(result: Verification) -> Iterator[str]:
    gone = [part for part in result.parts if part.state == 'missing']
    if gone:
        numbers = ranges_text([part.number for part in gone], 2)
        yield f'{len(gone)} zip parts are not there: {numbers}. Download them.'
    for part in result.parts:
        if part.state == 'damaged':
            yield f'{part.path}: {part.problem}. Download it again.'
        elif part.state == 'unsafe':
            yield (
                f'{part.path}: {part.problem}. Do not unpack it; it is not '
                "the release's. Download it from the NIH."
            )


def _missing_advice(result: Verification) -> Iterator[str]:
    """Missing series and slices, grouped by the zip part that holds them."""
    by_parts = defaultdict(list)
    for name in result.missing:
        by_parts[tuple(result.contents.parts_of(name))].append(name)
    whole = {p.number: p for p in result.parts if p.state == 'whole'}
    root = result.root
    below = root.parent if root.name == FOLDER else root
    groups = sorted(by_parts.items())
    for numbers, names in groups[:_GROUPS_SHOWN]:
        what = f'missing: {_missing_text(result, names)}'
        if numbers and set(numbers) <= whole.keys():
            paths = ' '.join(str(whole[number].path) for number in numbers)
            yield f'{what}. Unpack {paths} below {below}.'
        elif numbers:
            where = ranges_text(numbers, 2)
            yield f'{what}. They must lie in zip part {where}.'
        elif whole:
            yield f'{what}. None of the whole zip parts has them.'
        else:
            yield (
                f'{what}. If you keep the zip parts, `--zips DIR` says which '
                'of them have these.'
            )
    if len(groups) > _GROUPS_SHOWN:
        more = len(groups) - _GROUPS_SHOWN
        yield f'missing: slices of {more} more zip parts, see {REPORT_FILE}.'


def _damage_advice(result: Verification) -> Iterator[str]:
    problems = [
        problem
        for of_series in result.damaged.values()
        for problem in of_series.values()
    ]
    if problems:
        yield f'{len(problems)} slices are unfit: {_some(problems, " ")}'
    numbers = {
        number
        for name in result.damaged
        for number in result.contents.parts_of(name)
    }
    if numbers:
        yield f'They lie in zip part {ranges_text(sorted(numbers), 2)}.'


def _missing_text(result: Verification, names: list[str]) -> str:
    gone = sum(map(result.is_absent, names))
    slices = sum(
        len(numbers)
        for name in names
        for numbers in result.missing[name].values()
    )
    none = f', {gone} of which have none' if gone else ''
    return f'{slices} slices of {len(names)} series{none}: {_some(names)}'


def _some(items: list[str], comma: str = ', ') -> str:
    more = ' ...' if len(items) > _SHOWN else ''
    return comma.join(items[:_SHOWN]) + more
