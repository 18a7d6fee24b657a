"""Rows of CSV files, and numbers out of their text fields."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mmuldor.io.csv_dialect import (
    SEPARATORS,
    separator_of,
    text_of,
    with_decimal_points,
    without_declaration,
)
from mmuldor.io.json_files import read_whole
from mmuldor.io.limits import MAX_NUMBER


class RowError(ValueError):
    """A field that cannot be read: `column`, `value`, what it `must` be."""

    def __init__(self, column: str, value: str, must: str) -> None:
        self.column = column
        self.value = value
        self.must = f'must be {must}'
        shown = value if len(value) <= 80 else f'{value[:77]}...'
        super().__init__(f'{column} must be {must}, but got {shown!r}')


class Fields:
    """The fields of a row by name, as numbers or as a RowError."""

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def error(self, column: str, must: str) -> RowError:
        """The error that says what `column` must be and what it is."""
        return RowError(column, self._fields[column], must)

    def numbers(
        self, column: str, count: int, finite: bool = True
    ) -> tuple[float, ...]:
        """Exactly `count` numbers with commas between them."""
        text = self._fields[column]
        must = f'{count} finite numbers' if count > 1 else 'a finite number'
        # float() also takes 1_000.
        if '_' in text:
            raise self.error(column, must)
        try:
            values = tuple(float(part) for part in text.split(','))
        except ValueError:
            raise self.error(column, must) from None
        if len(values) != count or (
            finite and not all(map(math.isfinite, values))
        ):
            raise self.error(column, must)
        if finite and max(map(abs, values)) > MAX_NUMBER:
            raise self.error(column, f'at most {MAX_NUMBER:g}')
        return values

    def integers(self, column: str, count: int) -> tuple[int, ...]:
        """Exactly `count` whole numbers with commas between them."""
        values = self.numbers(column, count)
        # Spreadsheets write 3 as 3.0.
        if any(value != int(value) for value in values):
            raise self.error(column, f'{count} integers')
        return tuple(map(int, values))

    def integer(
        self,
        column: str,
        valid: Callable[[int], bool] = lambda value: True,
        must: str = 'an integer',
    ) -> int:
        """One whole number for which `valid` holds."""
        (value,) = self.integers(column, 1)
        if not valid(value):
            raise self.error(column, must)
        return value


def read_rows(
    path: Path,
    needed: Sequence[str],
    more: str = '',
    optional: Sequence[str] = (),
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file whose first line names its columns.

    Columns may come in any order, and others may be there; blank lines are
    passed over. Spreadsheets leave out what is empty at a row's end: the last
    of the columns needed may be missing, and what comes after it. Separators
    and decimal marks are those of any spreadsheet, see
    `mmuldor.io.csv_dialect`.

    Args:
        path: An existing file, UTF-8 or Excel's UTF-16.
        needed: Columns that must be there, each once; in any case where the
            file does not have them as they are.
        more: What the message on a column that is missing adds to them.
        optional: Columns that are given these names in any case, too.

    Yields:
        File and line, for messages, and texts by column, stripped.

    Raises:
        ValueError: Names the file and the line that is wrong.
    """
    try:
        text, declared = without_declaration(text_of(read_whole(path)))
        separator = declared or separator_of(text)
        rows = _lines(text, separator)
        number, head = rows[0] if rows else (1, [])
        columns = [name.strip() for name in head]
        columns = _in_our_case(columns, [*needed, *optional])
        _check_columns(f'{path} line {number}', columns, needed, more)
        least = max(columns.index(name) for name in needed)
        for line, values in _points(path, rows[1:], separator):
            where = f'{path} line {line}'
            if not least <= len(values) <= len(columns):
                raise ValueError(
                    f'{where} must have {len(columns)} fields, as line '
                    f'{number}, but has {len(values)}. Is it cut off? Between '
                    f'fields are {SEPARATORS[separator]}; beside commas, '
                    'numbers need decimal points.'
                )
            values += [''] * (len(columns) - len(values))
            texts = (value.strip() for value in values)
            yield where, dict(zip(columns, texts, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} must be CSV in UTF-8, but {error}.'
        ) from error


def _lines(text: str, separator: str) -> list[tuple[int, list[str]]]:
    """Line number and fields of each row that is not blank."""
    reader = csv.reader(
        io.StringIO(text, newline=''), delimiter=separator, strict=True
    )
    return [(reader.line_num, values) for values in reader if values]


def _points(
    path: Path, rows: list[tuple[int, list[str]]], separator: str
) -> Sequence[tuple[int, list[str]]]:
    try:
        return with_decimal_points(rows, separator)
    except ValueError as error:
        raise ValueError(f'{path} {error}.') from None


def _in_our_case(columns: list[str], ours: Sequence[str]) -> list[str]:
    """Columns by our names where they differ from them in case alone."""
    by_case = {name.lower(): name for name in ours if name not in columns}
    return [by_case.get(column.lower(), column) for column in columns]


def _check_columns(
    path: str, columns: list[str], needed: Sequence[str], more: str
) -> None:
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise ValueError(
            f'{path} must name the columns {", ".join(needed)}{more}, '
            f'but lacks {", ".join(lacking)}.'
        )
    twice = [c for c in columns if c and columns.count(c) > 1]
    if twice:
        raise ValueError(f'{path} must name the column {twice[0][:80]} once.')
