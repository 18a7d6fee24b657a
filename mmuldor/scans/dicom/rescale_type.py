"""What quantity the values of a DICOM slice are, by RescaleType.

The defined terms are those of DICOM PS3.3, C.11.1.1.2. Of a CT image without
the element they are Hounsfield units (C.8.2.1.1.3 ff.).
"""

from __future__ import annotations

from collections.abc import Sequence

from mmuldor.scans.dicom.headers import DicomFile

# 'US' is unspecified; ITK and GDCM write it for any series.
_UNSPECIFIED = {
    *('US', 'UNSPECIFIED', 'UNKNOWN', 'NONE', 'N/A'),
    *('HOUNSFIELD', 'HOUNSFIELD UNIT', 'HOUNSFIELD UNITS', 'CT NUMBER'),
}
_OTHERS = {
    'OD': 'optical density',
    'MGML': 'mg/ml',
    'Z_EFF': 'effective atomic number',
    'ED': 'electron density',
    'EDW': 'electron density relative to water',
    'HU_MOD': 'modified Hounsfield units',
    'PCT': 'percent',
}


def check_rescale_type(file: DicomFile) -> None:
    """Raise ValueError if the values are another quantity than HU."""
    stated = _stated(file)
    term = _term(stated)
    if term in ('', 'HU') or term in _UNSPECIFIED:
        return
    meaning = f' ({_OTHERS[term]})' if term in _OTHERS else ''
    raise ValueError(
        f'{file.where}: RescaleType must be HU, but got {stated[:64]}'
        f'{meaning}, which is another quantity. Use the series in Hounsfield '
        'units.'
    )


def rescale_type_notes(files: Sequence[DicomFile]) -> list[str]:
    """A note on each RescaleType that does not plainly say HU."""
    unclear = sorted(
        {s for s in map(_stated, files) if s.strip() not in ('', 'HU')}
    )
    return [
        f'RescaleType is {text[:64]!r}: values taken as Hounsfield units'
        for text in unclear
    ]


def _stated(file: DicomFile) -> str:
    return str(file.header.get('RescaleType') or '')


def _term(stated: str) -> str:
    """A stated type in upper case with single spaces between words."""
    return ' '.join(stated.upper().replace('_UNIT', ' UNIT').split())
