"""Headers of slices that a derived object can be made of.

A Segmentation copies patient and study from its images and refers to them.
The headers here are made anew from a fixed list of elements, so that nothing
else of a de-identified, incomplete or damaged header can get into it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mmuldor.scans.dicom.references.valid_values import (
    INVALID,
    is_repaired,
    valid_value,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# Elements that must exist and may be empty (type 2).
_MAY_BE_EMPTY = (
    'PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex',
    'ReferringPhysicianName', 'AccessionNumber', 'StudyID', 'StudyDate',
    'StudyTime', 'PositionReferenceIndicator',
)  # fmt: skip
# Optional ones (type 3) that archives and readers use.
_MAY_BE_ABSENT = (
    'IssuerOfPatientID', 'PatientAge', 'PatientSize', 'PatientWeight',
    'PatientIdentityRemoved', 'StudyDescription', 'SeriesNumber',
    'Manufacturer', 'ManufacturerModelName', 'InstitutionName', 'StationName',
    'DeviceSerialNumber', 'LossyImageCompression',
    'LossyImageCompressionRatio', 'LossyImageCompressionMethod',
)  # fmt: skip
# The clinical trial, which has its required elements or is left out.
_TRIAL_REQUIRED = (
    'ClinicalTrialSponsorName', 'ClinicalTrialProtocolID',
    'ClinicalTrialSubjectID',
)  # fmt: skip
_TRIAL_MAY_BE_EMPTY = (
    'ClinicalTrialProtocolName', 'ClinicalTrialSiteID',
    'ClinicalTrialSiteName',
)  # fmt: skip
_CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2'
_UTF_8 = 'ISO_IR 192'
# Of the first slice, since they differ within the reader's tolerance only.
_COMMON_GEOMETRY = ('ImageOrientationPatient', 'PixelSpacing')
# Common to all slices: what is missing or invalid can be replaced by a new
# UID, as a note says, or cannot (None).
_COMMON_UIDS = {
    'SeriesInstanceUID': None,
    'StudyInstanceUID': 'is in a study of its own, since the slices have no '
    'valid StudyInstanceUID',
    'FrameOfReferenceUID': 'has a FrameOfReferenceUID of its own, since the '
    'slices have no valid one',
}


def reference_headers(
    headers: Sequence[Dataset],
) -> tuple[list[Dataset], list[str]]:
    """Valid headers of slices.

    Args:
        headers: Of at least one slice, as the reader accepted them. They are
            not changed.

    Returns:
        A header of each slice, with patient and study of the first one; and
        notes on what was replaced. They name elements, but no values.

    Raises:
        ValueError: If nothing can refer to the slices: SOPInstanceUID or
            SeriesInstanceUID is missing, invalid or not unique, or studies
            or frames of reference are mixed.
    """
    with warnings.catch_warnings():
        # pydicom warns of values that are checked here.
        warnings.simplefilter('ignore')
        common, notes = _common_uids(headers)
        elements, found = _patient_and_study(headers[0])
        notes += found
        for keyword in _COMMON_GEOMETRY:
            common[keyword] = _decimals(headers[0], keyword)
        made = [_header_of(header, common, elements) for header in headers]
    _check_references(made)
    return made, notes


def _common_uids(
    headers: Sequence[Dataset],
) -> tuple[dict[str, Any], list[str]]:
    """UIDs that all slices share, and notes on new ones."""
    from pydicom.uid import generate_uid

    common: dict[str, Any] = {}
    notes = []
    for keyword, replaced in _COMMON_UIDS.items():
        values = {valid_value(header, keyword) for header in headers}
        # Programs that use the study's UID for all else are not rare, but a
        # frame of reference is not a study.
        used = {common.get('StudyInstanceUID')}
        known = sorted(values - {None, INVALID} - used)
        if len(known) > 1 or (not known and replaced is None):
            raise ValueError(
                f'the slices must have one common {keyword}, but have '
                f'{", ".join(known[:2]) or "no valid one"}'
            )
        if known:
            common[keyword] = known[0]
            continue
        # The same in each run, so that objects of one series agree.
        common[keyword] = generate_uid(
            entropy_srcs=[keyword, common['SeriesInstanceUID']]
        )
        notes.append(str(replaced))
    return common, notes


def _patient_and_study(header: Dataset) -> tuple[dict[str, Any], list[str]]:
    """Valid elements by keyword, and notes on what differs."""
    elements: dict[str, Any] = {}
    invalid, repaired = [], []
    for keyword in (*_MAY_BE_EMPTY, *_MAY_BE_ABSENT):
        value = valid_value(header, keyword)
        if value is INVALID:
            invalid.append(keyword)
            value = None
        elif value is not None and is_repaired(header, keyword, value):
            repaired.append(keyword)
        if value is not None or keyword in _MAY_BE_EMPTY:
            elements[keyword] = value
    if elements.get('PatientIdentityRemoved') == 'YES':
        method = valid_value(header, 'DeidentificationMethod')
        known = method not in (None, INVALID)
        elements['DeidentificationMethod'] = (
            method if known else 'As stated in the source images'
        )
    trial = {key: valid_value(header, key) for key in _TRIAL_REQUIRED}
    if not set(trial.values()) & {None, INVALID}:
        elements.update(trial)
        for key in _TRIAL_MAY_BE_EMPTY:
            value = valid_value(header, key)
            elements[key] = None if value is INVALID else value
    if not all(str(value).isascii() for value in elements.values()):
        elements['SpecificCharacterSet'] = _UTF_8
    notes = []
    if invalid:
        notes.append(
            f'leaves out {", ".join(invalid)}, which are not valid in DICOM '
            'or too long'
        )
    if repaired:
        notes.append(f'repairs {", ".join(repaired)}')
    return elements, notes


def _header_of(
    header: Dataset, common: dict[str, Any], elements: dict[str, Any]
) -> Dataset:
    """The new header of a slice."""
    from pydicom.dataset import Dataset

    made = Dataset()
    for keyword, value in {**elements, **common}.items():
        setattr(made, keyword, value)
    made.ImagePositionPatient = _decimals(header, 'ImagePositionPatient')
    thickness = valid_value(header, 'SliceThickness')
    known = thickness not in (None, INVALID) and float(thickness) > 0
    made.SliceThickness = thickness if known else None
    made.Modality = 'CT'
    made.Rows, made.Columns = int(header.Rows), int(header.Columns)
    for keyword in ('SOPInstanceUID', 'SOPClassUID'):
        value = valid_value(header, keyword)
        setattr(made, keyword, '' if value in (None, INVALID) else value)
    if not made.SOPClassUID:
        # The reader takes nothing but CT.
        made.SOPClassUID = _CT_IMAGE
    if 'ReferencedFrameNumber' in header:
        made.ReferencedFrameNumber = header.ReferencedFrameNumber
    return made


def _decimals(header: Dataset, keyword: str) -> list[str]:
    """Numbers, written anew, since they may have more than 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(v)) for v in header[keyword].value]


def _check_references(headers: Sequence[Dataset]) -> None:
    """Raise ValueError unless every slice can be told from the others."""
    places = set()
    for header in headers:
        if not header.SOPInstanceUID:
            raise ValueError(
                'every slice must have a valid SOPInstanceUID, to which '
                'segments refer, but one has none'
            )
        places.add(
            (header.SOPInstanceUID, header.get('ReferencedFrameNumber'))
        )
    if len(places) < len(headers):
        raise ValueError('every slice must have its own SOPInstanceUID')
    classes = {header.SOPClassUID for header in headers}
    if len(classes) > 1:
        raise ValueError(
            'the slices must have one common SOPClassUID, but have '
            f'{", ".join(sorted(classes)[:2])}'
        )
