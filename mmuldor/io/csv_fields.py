"""Rows of CSV files, and numbers out of their text fields."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

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
    path: Path, needed: Sequence[str], more: str = ''
) -> Iterator[tuple[str, dict[str, str]]]:
    """Rows of a CSV file whose first line names its columns.

    Columns may come in any order, and others may be there; blank lines are
    passed over. Spreadsheets leave out what is empty at a row's end: the last
    of the columns needed may be missing, and what comes after it.

    Args:
        path: An existing file, UTF-8.
        needed: Columns that must be there, each once.
        more: What the message on a column that is missing adds to them.

    Yields:
        File and line, for messages, and texts by column, stripped.

    Raises:
        ValueError: Names the file and the line that is wrong.
    """
    try:
        text = read_whole(path).decode('utf-8-sig')
        reader = csv.reader(io.StringIO(text, newline=''), strict=True)
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns, needed, more)
        least = max(columns.index(name) for name in needed)
        for values in filter(None, reader):
            where = f'{path} line {reader.line_num}'
            if not least <= len(values) <= len(columns):
                raise ValueError(
                    f'{where} must have {len(columns)} fields, as line 1, '
                    f'but has {len(values)}. Is it cut off? Numbers need '
                    'decimal points, not commas.'
                )
            values += [''] * (len(columns) - len(values))
            texts = (value.strip() for value in values)
            yield where, dict(zip(columns, texts, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} must be CSV in UTF-8, but {error}.'
        ) from error


def _check_columns(
    path: Path, columns: list[str], needed: Sequence[str], more: str
) -> None:
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise ValueError(
            f'{path} line 1 must name the columns {", ".join(needed)}{more}, '
            f'but lacks {", ".join(lacking)}.'
        )
    twice = [c for c in columns if c and columns.count(c) > 1]
    if twice:
        raise ValueError(
            f'{path} line 1 must name the column {twice[0][:80]} once.'
        )
