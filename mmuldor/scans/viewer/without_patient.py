"""Texts of a page without what names the patient, the day or the study.

Names of files and folders, and notes that quote them, may say all of these,
with DICOM and without.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from mmuldor.io.paths import printable
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Elements that say who, where or when. A word of them in the name of a file
# or folder is withheld, as are dates and UIDs.
_WHO = (
    *('PatientName', 'PatientID', 'OtherPatientIDs', 'OtherPatientNames'),
    *('PatientBirthName', 'PatientBirthDate', 'StudyDate', 'SeriesDate'),
    *('AcquisitionDate', 'ContentDate', 'AccessionNumber', 'StudyID'),
    *('InstitutionName', 'ReferringPhysicianName'),
    *('PerformingPhysicianName', 'OperatorsName'),
)
# A shorter Latin word, as of `Ng^Li`, is in many others, so that it is
# withheld only as a word of its own; an initial or a digit never.
_SHORT, _SHORTEST = 2, 3
_YEAR, _MONTH = r'(?:19|20)\d\d', r'(?:0[1-9]|1[0-2])'
_DAY = r'(?:0[1-9]|[12]\d|3[01])'
_ANY_DAY = r'(?:0?[1-9]|[12]\d|3[01])'
_SHORT_YEAR = r'(?:19|20)?\d\d'
# Of English and German.
_NAMED_MONTH = (
    r'(?:jan(?:uary?)?|j\xe4n(?:ner)?|feb(?:ruary?)?|mar(?:ch)?|m\xe4rz?|mrz'
    r'|maerz|apr(?:il)?|ma[iy]|jun[ei]?|jul[iy]?|aug(?:ust)?|sept?(?:ember)?'
    r'|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)'
)
_NAMED_DAY = rf'{_ANY_DAY}(?:st|nd|rd|th)?'
# A day of the years 1900 to 2099, perhaps with its time, as in names that
# converters give (20260131, 2026-01-31, 20260131123000), or as people write
# it (31.01.2026, 1/31/2026, 31012026, 2026-1-31, 31Jan26, Jan 31, 2026).
_DATE = re.compile(
    r'(?<!\d)(?:'
    rf'{_YEAR}(?:{_MONTH}{_DAY}|([-_./]){_ANY_DAY}\1{_ANY_DAY})'
    r'(?:[-_.T]?\d{4}(?:\d\d)?)?'
    rf'|{_DAY}{_DAY}{_YEAR}'
    rf'|{_ANY_DAY}([-_./]){_ANY_DAY}\2{_YEAR}'
    rf'|{_NAMED_DAY}[-_. ]*(?:of )?{_NAMED_MONTH}[-_., ]*{_SHORT_YEAR}'
    rf'|{_YEAR}[-_. ]*{_NAMED_MONTH}[-_. ]*{_ANY_DAY}'
    rf'|(?<![^\W\d_]){_NAMED_MONTH}[-_. ]*(?:{_NAMED_DAY}[-_., ]+)?{_YEAR}'
    r')(?!\d)',
    re.IGNORECASE,
)
# Of a study, series or image, by which an archive finds the patient; many hold
# a date. Versions of programs have three parts.
_UID = re.compile(r'(?<!\d)\d+(?:\.\d+){3,}')
# Spellings without the signs that NFKD does not take apart.
_PLAIN = str.maketrans({
    '\N{LATIN SMALL LETTER L WITH STROKE}': 'l',
    '\N{LATIN SMALL LETTER D WITH STROKE}': 'd',
    '\N{LATIN SMALL LETTER O WITH STROKE}': 'o',
    '\N{LATIN SMALL LETTER AE}': 'ae',
    '\N{LATIN SMALL LETTER DOTLESS I}': 'i',
    '\N{LATIN SMALL LETTER ETH}': 'd',
    '\N{LATIN SMALL LETTER THORN}': 'th',
    '\N{LATIN SMALL LIGATURE OE}': 'oe',
})  # fmt: skip
# How German and Scandinavian names are written in ASCII.
_SPELLED = str.maketrans({
    '\N{LATIN SMALL LETTER A WITH DIAERESIS}': 'ae',
    '\N{LATIN SMALL LETTER O WITH DIAERESIS}': 'oe',
    '\N{LATIN SMALL LETTER U WITH DIAERESIS}': 'ue',
    '\N{LATIN SMALL LETTER O WITH STROKE}': 'oe',
    '\N{LATIN SMALL LETTER A WITH RING ABOVE}': 'aa',
})  # fmt: skip
WITHHELD = '…'


def scan_name(volume: Volume) -> str:
    """Name of the file or folder; of a patient's, what kind it is."""
    name = printable(PurePath(volume.source).name)
    kept = without_patient(name, volume)
    if WITHHELD in kept and volume.dicom_headers:
        return 'a DICOM series'
    return kept or 'a scan'


def without_patient(text: str, volume: Volume) -> str:
    """A text without dates, UIDs, and words that name the patient."""
    header = first_header(volume)
    words = set(_patient_words(header))
    numbers = {word for word in words if word.isdigit()}
    patterns = [_DATE, _UID, *_own_dates(header)]
    if numbers:
        patterns.append(_with_number(numbers))
    found = [m.span() for p in patterns for m in p.finditer(text)]
    found += [
        match.span()
        for match in re.finditer(r'\S+', text)
        if _holds(match[0], words - numbers)
    ]
    return _withheld(text, found)


def _withheld(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text without what lies in spans, which may overlap.

    All were found in the whole text: what is withheld first would break up
    what holds it, a date with a month that is also a name.
    """
    kept: list[str] = []
    end = 0
    for low, high in sorted(spans):
        if not kept or low > end:
            kept += [text[end:low], WITHHELD]
        end = max(end, high)
    return ''.join([*kept, text[end:]])


def first_header(volume: Volume) -> Dataset | None:
    """The first header of a scan from DICOM; None of others."""
    return next((h for h in volume.dicom_headers if h is not None), None)


def element_text(header: Dataset | None, keyword: str) -> str:
    """An element as text, '' without; several values with commas."""
    # pydicom decodes elements now, and fails for wrong values.
    try:
        value = None if header is None else header.get(keyword)
    except Exception:
        return ''
    if value is None:
        return ''
    if isinstance(value, str) or not hasattr(value, '__iter__'):
        return str(value).strip()
    if type(value).__name__ == 'PersonName':
        return str(value)
    return ', '.join(str(part).strip() for part in value)


def _patient_words(header: Dataset | None) -> Iterator[str]:
    """Words of the patient's elements, plain."""
    for keyword in _WHO:
        text = element_text(header, keyword)
        # `280260/1234` may be a folder 280260-1234.
        for part in [text, *re.split(r'[=\\,;/]+', text)]:
            for separator in (r'[\s^]+', r'[\W_]+'):
                words = re.split(separator, part)
                # `Ng^Li`: a folder may be called NgLi or LiNg.
                words += [''.join(words), ''.join(reversed(words))]
                for word in words:
                    yield from filter(_is_telling, _plain_forms(word))


def _own_dates(header: Dataset | None) -> Iterator[re.Pattern[str]]:
    """What a text has of the header's days with a short year.

    Any other such number, 1.2.26, may be a version.
    """
    for keyword in filter(lambda name: name.endswith('Date'), _WHO):
        date = _plain(element_text(header, keyword))
        if re.fullmatch(r'\d{8}', date):
            year, month, day = date[2:4], date[4:6], date[6:]
            for parts in (
                (day, month, year),
                (month, day, year),
                (year, month, day),
            ):
                short = r'[-_./]'.join(
                    f'0?{part.lstrip("0")}' for part in parts
                )
                yield re.compile(rf'(?<!\d)(?:{"".join(parts)}|{short})(?!\d)')


def _is_telling(word: str) -> bool:
    """Whether a plain word in a text may be the patient's."""
    if word.isdigit():
        return len(word) >= _SHORTEST
    return len(word) >= _SHORT or (bool(word) and not word.isascii())


def _with_number(numbers: Iterable[str]) -> re.Pattern[str]:
    """What a text has between two spaces around one of some numbers.

    A number only as a whole one: 123 is not in 1234. Its digits may be in
    groups, 123-45-678 or 123 45 678, and its first zeros may be left out.
    """
    wanted = []
    for number in numbers:
        digits = number.lstrip('0')
        zeros = '0*' if len(digits) >= _SHORTEST else ''
        wanted.append(zeros + r'[\W_]?'.join(digits if zeros else number))
    return re.compile(rf'(?<!\S)\S*(?<!\d)(?:{"|".join(wanted)})(?!\d)\S*')


def _holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of some plain words that are no numbers."""
    forms = _plain_forms(text)
    # Of `P7_Ng2`: P7, Ng2, and P, Ng.
    text = unicodedata.normalize('NFC', text)
    parts = {
        form
        for part in {*re.split(r'[\W_]+', text), *re.split(r'[\W\d_]+', text)}
        for form in _plain_forms(part)
    }
    return any(
        word in parts
        if len(word) < _SHORTEST and word.isascii()
        else any(word in form for form in forms)
        for word in words
    )


def _plain_forms(text: str) -> set[str]:
    """A text without accents, and as it is spelled without them."""
    # Some systems store accents apart from their letters.
    whole = unicodedata.normalize('NFC', text).casefold()
    return {_plain(whole), _plain(whole.translate(_SPELLED))}


def _plain(text: str) -> str:
    """Letters and digits alone, without accents."""
    apart = unicodedata.normalize('NFKD', text.translate(_PLAIN))
    return ''.join(sign for sign in apart if sign.isalnum())
