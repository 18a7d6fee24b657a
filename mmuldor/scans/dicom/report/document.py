"""The document of a report: its headers, and its content around the groups.

highdicom's class for TID 1500 needs a measurement, and a report may have none;
the rows of the template are written here with highdicom's items.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from mmuldor import __version__
from mmuldor.scans.dicom.report.terms import (
    OWN_SCHEME,
    has_own_term,
    term,
)
from mmuldor.scans.dicom.segmentation import own_series

if TYPE_CHECKING:
    from highdicom import sr
    from highdicom.sr.value_types import ContentItem
    from pydicom.dataset import Dataset

# The Segmentation has 1000 more than the source.
_SERIES_OFFSET = 2000
_UTF_8 = 'ISO_IR 192'


def empty_report(
    evidence: Sequence[Dataset],
    types: Collection[str],
    description: str = 'Lesions found by mmuldor',
    own_terms: bool = False,
) -> sr.Comprehensive3DSR:
    """A report without findings (TID 1500, rows 1 to 4).

    Args:
        evidence: All images that it will refer to, a source image first, whose
            patient and study are those of the report.
        types: Lesion types that it will state.
        description: Of the series.
        own_terms: Whether it will have other terms of our own scheme.
    """
    import highdicom as hd
    from highdicom.coding_schemes import CodingSchemeIdentificationItem

    optional: dict[str, Any] = {}
    if own_terms or any(map(has_own_term, types)):
        optional['coding_schemes'] = [
            CodingSchemeIdentificationItem(OWN_SCHEME, 'mmuldor')
        ]
    if not all(map(str.isascii, types)):
        # Otherwise that of the evidence.
        optional['specific_character_set'] = _UTF_8
    return hd.sr.Comprehensive3DSR(
        evidence=evidence,
        content=_root(),
        **own_series(evidence[0], _SERIES_OFFSET),
        series_description=description,
        # Nobody has looked at it.
        is_complete=True,
        is_final=False,
        is_verified=False,
        content_qualification=hd.ContentQualificationValues.RESEARCH,
        **optional,
    )


def add_findings(
    report: sr.Comprehensive3DSR,
    groups: Sequence[ContentItem],
    comment: str,
) -> None:
    """Add the groups of all lesions, and what was found (rows 6 to 14).

    After the report is made: highdicom copies its content several times to
    compare it with the evidence, 25 ms a lesion.

    Args:
        report: From :func:`empty_report`.
        groups: Measurement groups.
        comment: A text.
    """
    from highdicom import sr

    contains = sr.RelationshipTypeValues.CONTAINS
    summary = term('found' if groups else 'none found')
    evaluations: list[ContentItem] = [
        sr.CodeContentItem(term('summary'), summary, contains),
        sr.TextContentItem(term('comment'), comment, contains),
    ]
    if groups:
        report.ContentSequence.append(_container('measurements', groups))
    report.ContentSequence.append(_container('evaluations', evaluations))


def _root() -> sr.ContainerContentItem:
    from highdicom import sr

    root = sr.ContainerContentItem(term('title'), template_id='1500')
    procedure = sr.CodeContentItem(
        term('procedure'),
        term('CT'),
        sr.RelationshipTypeValues.HAS_CONCEPT_MOD,
    )
    root.ContentSequence = sr.ContentSequence(
        [
            *sr.LanguageOfContentItemAndDescendants(term('English')),
            *_observer(),
            procedure,
        ]
    )
    return root


def _observer() -> sr.ObservationContext:
    """This program, as a device that is the same for all its reports."""
    from highdicom import sr
    from pydicom.uid import generate_uid

    device = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=['mmuldor', __version__]),
        name='mmuldor',
        manufacturer_name='mmuldor',
        model_name='mmuldor',
        serial_number=__version__,
    )
    return sr.ObservationContext(
        observer_device_context=sr.ObserverContext(term('device'), device)
    )


def _container(
    name: str, items: Sequence[ContentItem]
) -> sr.ContainerContentItem:
    from highdicom import sr

    container = sr.ContainerContentItem(
        term(name), relationship_type=sr.RelationshipTypeValues.CONTAINS
    )
    container.ContentSequence = sr.ContentSequence(items)
    return container
