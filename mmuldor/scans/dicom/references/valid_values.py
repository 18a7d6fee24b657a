"""Values of DICOM elements that may be written into another object.

De-identification and other programs leave text in typed elements: `unknown`
as a birth date, times with colons, identifiers that are too long. What can
only mean one thing is repaired; everything else is not written. Rules of the
value representations: DICOM PS3.5, 6.2.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# YYYYMMDD; with dots, as before 1993; with hyphens or slashes, as in ISO 8601.
_DATE = re.compile(r'(\d{4})([-./]?)(\d\d)\2(\d\d)')
# HHMMSS.FFFFFF from the hours on; with colons, as before 1993.
_TIME = re.compile(
    r'([01]\d|2[0-3])(?:(:?)([0-5]\d)(?:\2([0-5]\d)(\.\d{1,6})?)?)?'
)
_AGE = re.compile(r'\d{3}[DWMY]')
# The roots of ISO and of ISO with ITU-T, which all UIDs have; 2.999 is that of
# examples.
_UID = re.compile(r'(?=.{1,64}$)(?!2\.999\b)[12](\.(0|[1-9]\d*))+')
_SEXES = ('M', 'F', 'O')
_TERM = re.compile(r'[A-Z0-9_ ]{1,16}')
# Maximum length. The standard counts characters, and those of each part of a
# name; validators (dciodvfy) count the bytes of the whole.
_LENGTHS = {'LO': 64, 'SH': 16, 'PN': 64}
_MAX_IS = 2**31 - 1
# An element whose value cannot be written.
INVALID = object()


def valid_value(header: Dataset, keyword: str) -> Any:
    """The value of an element as it may be written.

    Args:
        header: Elements of an image, of any VR and with any values.
        keyword: Of an element with one value.

    Returns:
        Text or a number; None where the element is missing or empty;
        `INVALID` where its value is not that of its VR in the standard.
    """
    from pydicom.datadict import dictionary_VR

    try:
        value = header.get(keyword)
    # pydicom decodes here, and raises any exception for damaged values.
    except Exception:
        return INVALID
    if value is None:
        return None
    text = str(value).strip(' \0')
    if not text:
        return None
    valid = None
    if not isinstance(value, (bytes, list)) and not _is_multiple(value):
        rule = _RULES.get(keyword) or _RULES[dictionary_VR(keyword)]
        valid = rule(text)
    return INVALID if valid is None else valid


def is_repaired(header: Dataset, keyword: str, value: Any) -> bool:
    """Whether a valid text differs from that of the header."""
    text = str(header.get(keyword)).strip(' \0')
    return isinstance(value, str) and not _is_number(text) and value != text


def _is_number(text: str) -> bool:
    return _decimal(text) is not None


def _is_multiple(value: Any) -> bool:
    from pydicom.multival import MultiValue
    from pydicom.sequence import Sequence

    return isinstance(value, (MultiValue, Sequence))


def _date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day = match[1], match[3], match[4]
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return None
    return year + month + day


def _time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    if not match:
        return None
    return ''.join(match[group] or '' for group in (1, 3, 4, 5))


def _text(vr: str) -> Callable[[str], str | None]:
    """Rule of LO and SH: one short line."""
    return lambda text: text if _is_plain(text) and _fits(text, vr) else None


def _name(text: str) -> str | None:
    """A name: up to three parts of up to five components each.

    The second part writes the name in ideograms, the third by its sound. What
    makes a name too long is left out from the end.
    """
    parts = text.split('=')
    good = len(parts) <= 3 and all(part.count('^') <= 4 for part in parts)
    if not good or not _is_plain(text):
        return None
    while len(parts) > 1 and not _fits('='.join(parts), 'PN'):
        parts.pop()
    name = '='.join(parts)
    # Nothing but separators is no name.
    return name if _fits(name, 'PN') and name.strip('^= ') else None


def _fits(text: str, vr: str) -> bool:
    return len(text.encode('utf-8', 'replace')) <= _LENGTHS[vr]


def _is_plain(text: str) -> bool:
    """Whether a text was decoded, is one, and has no control characters."""
    categories = {unicodedata.category(character) for character in text}
    separated = '\\' in text or '\ufffd' in text
    return not separated and not categories & {'Cc', 'Cs'}


def _decimal(text: str) -> str | None:
    from pydicom.valuerep import format_number_as_ds

    try:
        number = float(text)
    except ValueError:
        return None
    return format_number_as_ds(number) if math.isfinite(number) else None


def _integer(text: str) -> int | None:
    digits = re.fullmatch(r'[-+]?\d{1,10}', text)
    return int(text) if digits and abs(int(text)) <= _MAX_IS else None


def _one_of(*choices: str) -> Callable[[str], str | None]:
    """Rule of CS with these values; lower case is repaired."""
    return lambda text: text.upper() if text.upper() in choices else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda text: text if pattern.fullmatch(text) else None


# By keyword, else by VR: the value as it is written, None for a wrong one.
_RULES: dict[str, Callable[[str], Any]] = {
    'PatientSex': _one_of(*_SEXES),
    'PatientIdentityRemoved': _one_of('YES', 'NO'),
    'LossyImageCompression': _one_of('00', '01'),
    'CS': _matching(_TERM),
    'DA': _date,
    'TM': _time,
    'AS': _matching(_AGE),
    'UI': _matching(_UID),
    'LO': _text('LO'),
    'SH': _text('SH'),
    'PN': _name,
    'DS': _decimal,
    'IS': _integer,
    'US': _integer,
}
