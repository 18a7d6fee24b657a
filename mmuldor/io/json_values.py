"""What values out of a JSON file are, and how messages show them."""

from __future__ import annotations

import math
import re
import reprlib
from pathlib import PureWindowsPath
from typing import Any

from mmuldor.io.limits import MAX_NUMBER

_LARGEST_ID = 2**63 - 1
_repr = reprlib.Repr()
_repr.maxlevel = 3
_repr.maxlist = _repr.maxdict = _repr.maxtuple = 8
_repr.maxstring = _repr.maxother = _repr.maxlong = 80


def is_integer(value: Any) -> bool:
    """Whether it is an integer of 64 bits, and not true or false."""
    return type(value) is int and abs(value) <= _LARGEST_ID


def is_id_text(value: str) -> bool:
    """Whether it is an id, an integer of 0 or more, as JSON's keys have it.

    There is one text for each id, so that none can come twice.
    """
    digits = re.fullmatch('0|[1-9][0-9]{0,18}', value)
    return digits is not None and int(value) <= _LARGEST_ID


def is_finite(value: Any) -> bool:
    """Whether it is a number that a float can hold, and not true or false."""
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:
        return False


def is_coordinate(value: Any) -> bool:
    """Whether it is a number of a size that px or mm can have."""
    return is_finite(value) and abs(value) <= MAX_NUMBER


def are_coordinates(value: Any, count: int) -> bool:
    """Whether it is a list of so many such numbers."""
    listed = isinstance(value, list) and len(value) == count
    return listed and all(map(is_coordinate, value))


def is_inside_name(value: Any) -> bool:
    """Whether it is the name of a file that cannot leave its folder."""
    if not isinstance(value, str) or not value or '\0' in value:
        return False
    try:
        # Half of a surrogate pair is text in JSON, but no file's name.
        value.encode()
    except UnicodeEncodeError:
        return False
    path = PureWindowsPath(value)
    return not path.drive and not path.root and '..' not in path.parts


def shortened(value: Any) -> str:
    """A value in at most 80 characters, however large or deep it is."""
    text = _repr.repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'
