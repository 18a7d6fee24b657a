"""The lesions of a DICOM series as a Structured Report.

A Comprehensive 3D SR of template TID 1500, by highdicom. The class is the one
of IHE's profile for results of detectors (AI Results), and the simplest that
has coordinates in the patient: diameters of a series that is not axial, or on
a slice that was filled in, lie on no image. A report without a lesion says so,
in the terms of computer-aided detection.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmuldor import __version__
from mmuldor.io.json_files import replacing
from mmuldor.scans.dicom.headers import CT_IMAGES
from mmuldor.scans.dicom.report.document import add_findings, empty_report
from mmuldor.scans.dicom.report.groups import (
    Comparison,
    GroupContext,
    Record,
    gone_group,
    lesion_group,
)
from mmuldor.scans.dicom.report.places import Places
from mmuldor.scans.dicom.report.segments import Segment, read_segments
from mmuldor.scans.dicom.segmentation_frames import (
    SourceSlices,
    source_slices,
)
from mmuldor.scans.volume import Volume

if TYPE_CHECKING:
    from highdicom import sr
    from pydicom.dataset import Dataset


@dataclass(frozen=True, eq=False)
class FollowUpContent:
    """What the report of a follow-up has beside the lesions.

    Attributes:
        comparisons: Of each lesion.
        gone: Tracking UID and comparison of the baseline's lesions without
            partner.
        prior: Headers of what the baseline's results are, as evidence.
        description: Of the series.
    """

    comparisons: Sequence[Comparison]
    gone: Sequence[tuple[str, Comparison]] = ()
    prior: Sequence[Dataset] = ()
    description: str = 'Follow-up of lesions by mmuldor'


def write_report(
    path: str | os.PathLike[str],
    records: Sequence[Record],
    volume: Volume,
    segmentation: str | os.PathLike[str],
    *,
    found: int | None = None,
    parameters: Sequence[str] = (),
    follow_up: FollowUpContent | None = None,
) -> list[str]:
    """Write a report of the lesions.

    Args:
        path: File to write. If nothing can be written, an existing file is
            removed, since it belongs to another run.
        records: The lesions, as ``lesions.json`` has them.
        volume: The scan, with its ``dicom_headers``.
        segmentation: ``lesions.dcm`` of the same lesions, whose segments the
            report refers to; it may not exist.
        found: Number of lesions found, if there are others than these.
        parameters: What the detector was run with, one text each.
        follow_up: What makes it the report of a follow-up.

    Returns:
        Notes on why nothing was written or on what was left out.
    """
    path = Path(path)
    try:
        source, notes = source_slices(volume.dicom_headers)
        segments = read_segments(segmentation)
        report = _checked_report(
            *(records, volume, source, segments, parameters),
            comment=_comment(len(records), found),
            follow_up=follow_up,
        )
        with replacing(path) as temporary:
            report.save_as(temporary, enforce_file_format=True)
    except ValueError as reason:
        path.unlink(missing_ok=True)
        return [f'{path.name} was not written: {reason}']
    if segments:
        # The Segmentation has the same headers, and its notes name them.
        notes = []
    return [f'{path.name} {note}' for note in notes]


def _checked_report(
    records: Sequence[Record],
    volume: Volume,
    source: SourceSlices,
    segments: Mapping[int, Segment],
    parameters: Sequence[str],
    comment: str,
    follow_up: FollowUpContent | None,
) -> sr.Comprehensive3DSR:
    """The report; ValueError if headers violate the DICOM standard."""
    images = _images(source)
    context = GroupContext(
        Places(source, volume),
        images,
        str(source.present[0].FrameOfReferenceUID),
        parameters,
    )
    evidence = [
        *source.files,
        *[segment.header for segment in segments.values()][:1],
    ]
    more: dict[str, Any] = {}
    compared: Sequence[Comparison | None] = [None] * len(records)
    if follow_up:
        evidence += follow_up.prior
        compared = follow_up.comparisons
        more = {'description': follow_up.description, 'own_terms': True}
    types = {str(record['lesion_type'] or '') for record in records}
    try:
        with warnings.catch_warnings():
            # highdicom warns of names without a comma or caret.
            warnings.simplefilter('ignore')
            report = empty_report(evidence, types, **more)
            for item in _evidence_items(report):
                image = images.get(item.ReferencedSOPInstanceUID)
                if image is not None:
                    item.ReferencedSOPClassUID = image.SOPClassUID
            groups = [
                lesion_group(
                    record, segments.get(record['number']), context, other
                )
                for record, other in zip(records, compared, strict=True)
            ]
            for uid, gone in follow_up.gone if follow_up else ():
                groups.append(gone_group(uid, gone))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        reason = str(error).split('\n')[0]
        raise ValueError(
            f'the headers of the series are not valid: {reason}'
        ) from error
    add_findings(report, groups, comment)
    return report


def _images(source: SourceSlices) -> dict[str, Dataset]:
    """A header of each source image by its SOPInstanceUID."""
    images: dict[str, Dataset] = {}
    for header in source.present.values():
        if header.SOPClassUID not in CT_IMAGES:
            # A de-identification may replace all UIDs, and readers refuse
            # references to images of a class that they do not know.
            header.SOPClassUID = CT_IMAGES[0]
        images.setdefault(str(header.SOPInstanceUID), header)
    return images


def _evidence_items(report: Dataset) -> Iterator[Dataset]:
    """The references to images, one each."""
    for study in report.CurrentRequestedProcedureEvidenceSequence:
        for series in study.ReferencedSeriesSequence:
            yield from series.ReferencedSOPSequence


def _comment(count: int, found: int | None) -> str:
    by = f'by mmuldor {__version__}'
    if not count:
        what = f'No lesion found {by}.'
    elif found and found > count:
        what = f'The {count} highest-scoring of {found} lesions found {by}.'
    else:
        what = f'{count} lesion{"s" if count > 1 else ""} found {by}.'
    return f'{what} Not read by a person. Not a medical device.'
