"""How a CSV file is written: encoding, separator and decimal mark."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

# Excel writes semicolons where the decimal mark is a comma, and tabs as
# "text" and "Unicode text".
SEPARATORS = {',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars'}
_WITH_COMMA = re.compile(r'[+-]?[0-9]+,[0-9]+([eE][+-]?[0-9]+)?')
_WITH_POINT = re.compile(r'[+-]?[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?')
# Excel's own way to say the separator, as the first line.
_DECLARED = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, or UTF-16 with a byte order mark.

    Raises:
        UnicodeDecodeError: If it is neither.
    """
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return data.decode('utf-16' if data.startswith(marks) else 'utf-8-sig')


def without_declaration(text: str) -> tuple[str, str | None]:
    """The text with an empty line for `sep=;`, and that separator."""
    first, end, rest = text.partition('\n')
    match = _DECLARED.fullmatch(first)
    if match is None or match[1] not in SEPARATORS:
        return text, None
    return end + rest, match[1]


def separator_of(text: str) -> str:
    """The separator that splits the first line into most fields.

    Commas, where another one does not split it into more.
    """
    lines = (line for line in text.splitlines() if line.strip())
    first = re.sub(r'"[^"]*"', '', next(lines, ''))
    return max(SEPARATORS, key=first.count)


def with_decimal_points(
    rows: Sequence[tuple[int, list[str]]], separator: str
) -> Sequence[tuple[int, list[str]]]:
    """Rows of text with points for decimal commas.

    Decimal commas are read where commas do not separate fields. Fields of
    several numbers with commas between them stay as they are.

    Args:
        rows: Line and fields of each row.
        separator: Of the fields.

    Raises:
        ValueError: If some numbers have commas and some points, for then
            1,250 may be 1250.
    """
    if separator == ',':
        return rows
    places = {
        pattern: next(
            (
                (line, field.strip())
                for line, fields in rows
                for field in fields
                if pattern.fullmatch(field.strip())
            ),
            None,
        )
        for pattern in (_WITH_COMMA, _WITH_POINT)
    }
    comma, point = places[_WITH_COMMA], places[_WITH_POINT]
    if comma is None:
        return rows
    if point is not None:
        raise ValueError(
            'must have the same decimal mark everywhere, but line '
            f'{comma[0]} has {comma[1]!r} and line {point[0]} {point[1]!r}. '
            'Write decimal points'
        )
    return [
        (
            line,
            [
                field.replace(',', '.')
                if _WITH_COMMA.fullmatch(field.strip())
                else field
                for field in fields
            ],
        )
        for line, fields in rows
    ]
