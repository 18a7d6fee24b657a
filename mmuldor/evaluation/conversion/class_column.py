"""Which column of a CSV file holds the class of a detection."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

OPTION = '--class-column'
# Without case, digits and signs: `Class_ID` and `class name` are columns of
# the class. Of several, the first one here with words is taken.
CLASS_COLUMNS = (
    *('label', 'class', 'category', 'cls'),
    *('labelname', 'classname', 'categoryname', 'clsname'),
    *('labelid', 'classid', 'categoryid', 'clsid'),
    *('name', 'labels', 'classes', 'predictedclass', 'predclass'),
)
NONE = 'none'


def choose_class_column(
    path: Path, rows: Sequence[Mapping[str, str]], wanted: str | None = None
) -> str:
    """The name of the column, '' where there is none.

    Args:
        path: The file, for messages.
        rows: Texts by column, all with the same columns.
        wanted: A column, in any case, or 'none'; None: by its name.

    Raises:
        ValueError: If there is no such column, or if several may be it and
            disagree about which detections are of one class.
    """
    columns = list(rows[0]) if rows else []
    if wanted is not None:
        by_case = {name.lower(): name for name in columns}
        if wanted.lower() in by_case:
            return by_case[wanted.lower()]
        if wanted.lower() == NONE or not rows:
            return ''
        raise ValueError(
            f'`{OPTION}` must be a column of {path}, {", ".join(columns)}, or '
            f'{NONE}, but got {wanted!r}.'
        )
    found = [
        name
        for known in CLASS_COLUMNS
        for name in columns
        if re.sub('[^a-z]', '', name.lower()) == known
    ]
    if not found:
        return ''
    # Numbers and names of the same classes, as Ultralytics' tables have them.
    first, *others = found
    for other in others:
        pairs = {(row[first], row[other]) for row in rows}
        if not _are_one_to_one(pairs):
            raise ValueError(
                f'{path} has the columns {first} and {other}, which disagree '
                f'about classes. Say which one holds them: `{OPTION} {first}` '
                f'(or {other}, or {NONE}).'
            )
    words = (c for c in found if not all(_is_number(row[c]) for row in rows))
    return next(words, first)


def _are_one_to_one(pairs: set[tuple[str, str]]) -> bool:
    firsts, seconds = ({pair[k] for pair in pairs} for k in (0, 1))
    return len(firsts) == len(pairs) == len(seconds)


def _is_number(text: str) -> bool:
    return re.fullmatch(r'[0-9]+([.][0-9]*)?', text) is not None
