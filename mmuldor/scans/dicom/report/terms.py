"""Codes of a report: values, schemes and meanings (DICOM PS3.16)."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from mmuldor.io.paths import printable

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

# By name: value, scheme, meaning. SCT is SNOMED CT, UCUM the units.
_TERMS = {
    'lesion': ('52988006', 'SCT', 'Lesion'),
    'long axis': ('103339001', 'SCT', 'Long Axis'),
    'short axis': ('103340004', 'SCT', 'Short Axis'),
    'volume': ('118565006', 'SCT', 'Volume'),
    'voxels': ('126030', 'DCM', 'Sum of segmented voxel volumes'),
    'score': ('246262008', 'SCT', 'Score'),
    'probability': ('122157', 'DCM', 'Probability'),
    'mm': ('mm', 'UCUM', 'millimeter'),
    'ml': ('ml', 'UCUM', 'milliliter'),
    '1': ('1', 'UCUM', 'no units'),
    '%': ('%', 'UCUM', 'Percent'),
    # CID 219: the region is a box around the lesion.
    'bounded by': ('75958009', 'SCT', 'Bounded by'),
    'device': ('121007', 'DCM', 'Device'),
    'English': ('en', 'RFC5646', 'English'),
    # CID 100.
    'CT': ('25045-6', 'LN', 'CT unspecified body region'),
    # CID 7021.
    'title': ('126000', 'DCM', 'Imaging Measurement Report'),
    'procedure': ('121058', 'DCM', 'Procedure reported'),
    'measurements': ('126010', 'DCM', 'Imaging Measurements'),
    # TID 1500, row 12.
    'evaluations': ('C0034375', 'UMLS', 'Qualitative Evaluations'),
    'comment': ('121106', 'DCM', 'Comment'),
    'summary': ('111017', 'DCM', 'CAD Processing and Findings Summary'),
    # CID 6047.
    'found': ('111242', 'DCM', 'All algorithms succeeded; with findings'),
    'none found': (
        *('111241', 'DCM', 'All algorithms succeeded; without findings'),
    ),
}
# Sites of DeepLesion's types, see `mmuldor.classes.LESION_TYPES`.
_SITES = {
    'bone': ('272673000', 'SCT', 'Bone'),
    'abdomen': ('818981001', 'SCT', 'Abdomen'),
    'mediastinum': ('72410000', 'SCT', 'Mediastinum'),
    'liver': ('10200004', 'SCT', 'Liver'),
    'lung': ('39607008', 'SCT', 'Lung'),
    'kidney': ('64033007', 'SCT', 'Kidney'),
    'soft tissue': ('87784001', 'SCT', 'Soft tissue'),
    'pelvis': ('816092008', 'SCT', 'Pelvis'),
}
# A scheme of our own, for classes of a detector that have no standard code.
OWN_SCHEME = '99MMULDOR'
_MAX_MEANING = 64


def term(name: str) -> CodedConcept:
    """A term by its name in this module."""
    return _coded(*_TERMS[name])


def site(lesion_type: str | None) -> CodedConcept | None:
    """The site that a lesion type names; None for other types."""
    if lesion_type not in _SITES:
        return None
    return _coded(*_SITES[lesion_type])


def has_own_term(lesion_type: str | None) -> bool:
    """Whether a lesion type is neither unknown nor a site."""
    return lesion_type not in (None, '', 'unknown', *_SITES)


def own_term(meaning: str) -> CodedConcept:
    """A term of our own scheme; its value follows from its meaning."""
    meaning = printable(meaning)
    text = ''.join(
        c if c.isprintable() and c != '\\' else ' ' for c in meaning
    )
    while len(text.encode()) > _MAX_MEANING:
        text = text[:-1]
    return _coded(f'{zlib.crc32(meaning.encode()):08X}', OWN_SCHEME, text)


# Thousands of items share a few terms, which nobody changes.
@lru_cache
def _coded(value: str, scheme: str, meaning: str) -> CodedConcept:
    from highdicom.sr import CodedConcept

    return CodedConcept(value, scheme, meaning)
