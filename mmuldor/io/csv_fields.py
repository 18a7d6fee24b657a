"""Numbers out of the text fields of a CSV row."""

from __future__ import annotations

import math
from collections.abc import Callable

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
