"""The header of a page: what a reader needs of a scan, and no patient.

A page is passed on and printed, so it names no patient, identifier or date:
only elements of a list are taken from DICOM headers, and names of files lose
what the headers say of the patient.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import mmuldor
from mmuldor.io.paths import printable
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Elements that say who, where or when. A word of them in the name of a file
# or folder is withheld, as are dates.
_WHO = (
    *('PatientName', 'PatientID', 'OtherPatientIDs', 'OtherPatientNames'),
    *('PatientBirthName', 'PatientBirthDate', 'StudyDate', 'SeriesDate'),
    *('AcquisitionDate', 'ContentDate', 'AccessionNumber', 'InstitutionName'),
    *('ReferringPhysicianName', 'PerformingPhysicianName', 'OperatorsName'),
)
# A shorter word, as of `A^B`, is in every name.
_SHORTEST = 3
# A day of the years 1900 to 2099, perhaps with its time, as in names that
# converters give: 20260131, 2026-01-31, 20260131123000.
_DATE = re.compile(
    r'(?<!\d)(?:19|20)\d\d([-_.]?)(?:0[1-9]|1[0-2])\1'
    r'(?:0[1-9]|[12]\d|3[01])(?:[-_.T]?\d{4}(?:\d\d)?)?(?!\d)'
)
WITHHELD = '…'


def scan_name(volume: Volume) -> str:
    """Name of the file or folder; of a patient's, what kind it is."""
    name = printable(PurePath(volume.source).name)
    kept = without_patient(name, volume)
    if WITHHELD in kept and volume.dicom_headers:
        return 'a DICOM series'
    return kept or 'a scan'


def without_patient(text: str, volume: Volume) -> str:
    """A text without dates, and without words that name the patient."""
    text = _DATE.sub(WITHHELD, text)
    words = set(_patient_words(_header(volume)))
    if not words:
        return text
    return re.sub(
        r'\S+',
        lambda match: (
            WITHHELD
            if any(_holds(match[0], word) for word in words)
            else match[0]
        ),
        text,
    )


def header_facts(
    volume: Volume,
    lesions: int,
    provenance: Mapping[str, Any] | None = None,
) -> list[tuple[str, str]]:
    """Labels and values of the header.

    Args:
        volume: The scan.
        lesions: Their number.
        provenance: Of :mod:`mmuldor.apis.provenance`; None if unknown.
    """
    slices, rows, columns = volume.shape
    spacing = ' \N{MULTIPLICATION SIGN} '.join(
        f'{round(value, 3):g}' for value in volume.spacing_mm
    )
    header, known = _header(volume), provenance or {}
    modality = _element(header, 'Modality') or 'CT'
    voltage = _with_unit(_element(header, 'KVP'), 'kV')
    thickness = _with_unit(_element(header, 'SliceThickness'), 'mm')
    facts = [
        (
            'Modality',
            _listed(modality, voltage),
        ),
        ('Slices', f'{slices} of {columns} \N{MULTIPLICATION SIGN} {rows} px'),
        ('Spacing', f'{spacing} mm'),
        ('Thickness', thickness),
        ('Kernel', _element(header, 'ConvolutionKernel')),
        ('Lesions', _listed(str(lesions), _threshold(known))),
        ('Software', f'mmuldor {known.get("mmuldor", mmuldor.__version__)}'),
        ('Model', _model(known)),
    ]
    return [(label, printable(value)) for label, value in facts if value]


def numbers_of(volume: Volume) -> tuple[list[int | None], str] | None:
    """Numbers by which viewers of the source call the slices.

    Returns:
        The number of each slice, None where one was filled in, and which
        number it is; None if the source has no numbers, or one twice.
    """
    # Late, since it needs no more than this.
    from mmuldor.scans.provenance import slice_source

    sources = [slice_source(volume, k) or {} for k in range(len(volume.hu))]
    for key, name in (
        ('png_number', 'number of the PNG file'),
        # Before the other: frames of one object share its number.
        ('frame_number', 'frame number'),
        ('instance_number', 'InstanceNumber'),
    ):
        numbers = [source.get(key) for source in sources]
        stated = [number for number in numbers if number is not None]
        if stated and len(set(stated)) == len(stated):
            return numbers, name
    return None


def _header(volume: Volume) -> Dataset | None:
    return next((h for h in volume.dicom_headers if h is not None), None)


def _patient_words(header: Dataset | None) -> Iterator[str]:
    """Words of the patient's elements, plain."""
    for keyword in _WHO:
        for word in re.split(r'[\s^=\\,;/]+', _element(header, keyword)):
            plain = _plain(word)
            if len(plain) >= _SHORTEST:
                yield plain


def _holds(text: str, word: str) -> bool:
    """Whether a text holds a plain word; a number only as a whole one."""
    if word.isdigit():
        return word in re.findall(r'\d+', text)
    return word in _plain(text)


def _plain(text: str) -> str:
    """Letters and digits alone, without accents, which systems store apart."""
    apart = unicodedata.normalize('NFKD', text.casefold())
    return ''.join(sign for sign in apart if sign.isalnum())


def _element(header: Dataset | None, keyword: str) -> str:
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


def _with_unit(value: str, unit: str) -> str:
    """A number without the zeros of DICOM's decimals; '' of no number."""
    try:
        return f'{float(value):g} {unit}'
    except ValueError:
        return ''


def _listed(*values: str) -> str:
    return ', '.join(filter(None, values))


def _model(provenance: Mapping[str, Any]) -> str:
    """Names of the bundle, or of config and weights; start of the checksum."""
    keys = (
        ('bundle',) if provenance.get('bundle') else ('config', 'checkpoint')
    )
    stated = [provenance.get(key) for key in keys]
    files = [file for file in stated if isinstance(file, Mapping)]
    names = [str(file['name']) for file in files if file.get('name')]
    # The last is the one with the weights.
    if files and files[-1] is stated[-1] and files[-1].get('sha256'):
        names.append(f'SHA-256 {str(files[-1]["sha256"])[:8]}')
    return ', '.join(names)


def _threshold(provenance: Mapping[str, Any]) -> str:
    value = provenance.get('score_thr')
    return (
        ''
        if value is None
        else f'score \N{GREATER-THAN OR EQUAL TO} {value:.4g}'
    )
