"""The measurement group of a lesion (TID 1411, or TID 1501 without a region).

TID 1411 describes a volume by a segment, here that of ``lesions.dcm``, or by
regions on images: boxes for a lesion without a mask. A lesion that no source
image shows has neither, so its group is of TID 1501. TID 1411 is extensible:
the two diameters also have the coordinates that TID 300 gives a measurement.
They lie on the image of the key slice (SCOORD), or in the patient (SCOORD3D)
if there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from mmuldor import __version__
from mmuldor.functional.arrays import Floats
from mmuldor.scans.dicom.report.places import ImagePoints, Places
from mmuldor.scans.dicom.report.segments import Segment
from mmuldor.scans.dicom.report.terms import (
    has_own_term,
    own_term,
    site,
    term,
)

if TYPE_CHECKING:
    from highdicom import sr
    from highdicom.sr.value_types import ContentItem
    from pydicom.dataset import Dataset

# A lesion as `mmuldor.scans.lesion_files.lesion_records` describes it.
Record = Mapping[str, Any]
# Key of the record, name and unit.
_NUMBERS = (
    ('long_mm', 'long axis', 'mm'),
    ('short_mm', 'short axis', 'mm'),
    ('volume_ml', 'volume', 'ml'),
    ('score', 'score', '1'),
    ('probability', 'probability', '1'),
)
# Which two ends of `recist_px` are those of a diameter.
_ENDS = {'long_mm': slice(0, 2), 'short_mm': slice(2, 4)}


@dataclass(frozen=True, eq=False)
class GroupContext:
    """What all groups of a report have in common.

    Attributes:
        places: Where points lie on source images.
        images: Header of a source image by SOPInstanceUID.
        frame_of_reference_uid: Of the patient coordinates.
        parameters: What the detector was run with, one text each.
    """

    places: Places
    images: Mapping[str, Dataset]
    frame_of_reference_uid: str
    parameters: Sequence[str] = ()


@dataclass(frozen=True)
class Comparison:
    """What a follow-up says of a lesion beside its own numbers.

    Attributes:
        name: Tracking identifier, that of the baseline for a matched lesion.
        status: What its partner in the other scan is, in a word.
        changes: Name, value and unit of each change from the baseline.
    """

    name: str
    status: str
    changes: Sequence[tuple[str, float, str]] = ()


def lesion_group(
    record: Record,
    segment: Segment | None,
    context: GroupContext,
    comparison: Comparison | None = None,
) -> ContentItem:
    """The measurement group of a lesion.

    Args:
        record: The lesion.
        segment: Its segment in ``lesions.dcm``; None if it has none.
        context: What all groups have in common.
        comparison: With another scan, in a report of a follow-up.
    """
    from highdicom import sr

    name = comparison.name if comparison else f'Lesion {record["number"]}'
    common: dict[str, Any] = {
        'tracking_identifier': sr.TrackingIdentifier(
            uid=record['tracking_uid'], identifier=name
        ),
        'finding_type': term('lesion'),
        'algorithm_id': sr.AlgorithmIdentification(
            name='mmuldor',
            version=__version__,
            parameters=list(context.parameters) or None,
        ),
        'measurements': [
            _measurement(record[key], name, unit)
            for key, name, unit in _NUMBERS
            if record[key] is not None
        ],
        **_type_of(record['lesion_type']),
    }
    if comparison:
        _add_comparison(common, comparison)
    region = _region(record, segment, context)
    template = (
        sr.VolumetricROIMeasurementsAndQualitativeEvaluations
        if region
        else sr.MeasurementsAndQualitativeEvaluations
    )
    (group,) = template(**common, **region)
    _add_diameters(group, record, context)
    return cast('ContentItem', group)


def _add_comparison(common: dict[str, Any], comparison: Comparison) -> None:
    """Add time point, status and changes to what a group is made of."""
    from highdicom import sr

    common['time_point_context'] = sr.TimePointContext('Follow-up')
    status = sr.QualitativeEvaluation(
        own_term('Follow-up status'), own_term(comparison.status)
    )
    evaluations = common.get('qualitative_evaluations', [])
    common['qualitative_evaluations'] = [*evaluations, status]
    common['measurements'] += [
        sr.Measurement(own_term(name), float(value), term(unit))
        for name, value, unit in comparison.changes
    ]


def gone_group(uid: str, comparison: Comparison) -> ContentItem:
    """The group of a baseline lesion that the follow-up does not show."""
    from highdicom import sr

    common: dict[str, Any] = {'measurements': []}
    _add_comparison(common, comparison)
    (group,) = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid, comparison.name),
        finding_type=term('lesion'),
        **common,
    )
    return cast('ContentItem', group)


def _measurement(value: float, name: str, unit: str) -> sr.Measurement:
    from highdicom import sr

    method = term('voxels') if name == 'volume' else None
    # Floats, for which the exact number is stored beside the decimal string.
    return sr.Measurement(term(name), float(value), term(unit), method=method)


def _type_of(lesion_type: str | None) -> dict[str, Any]:
    """A known type as finding site, another one as an evaluation."""
    from highdicom import sr

    place = site(lesion_type)
    if place is not None:
        return {'finding_sites': [sr.FindingSite(place)]}
    if not has_own_term(lesion_type):
        return {}
    kind = sr.QualitativeEvaluation(
        own_term('Lesion type'), own_term(str(lesion_type))
    )
    return {'qualitative_evaluations': [kind]}


def _region(
    record: Record, segment: Segment | None, context: GroupContext
) -> dict[str, Any]:
    """Where the lesion is: its segment, boxes on images, or nothing."""
    from highdicom import sr

    if segment is not None:
        return {'referenced_segment': _referenced(segment, context)}
    boxes = [
        sr.ImageRegion(
            sr.GraphicTypeValues.POLYLINE, found.points, _image(found.header)
        )
        for detection in record['detections']
        if (found := _box(detection, context.places))
    ]
    if not boxes:
        return {}
    return {
        'referenced_regions': boxes,
        'geometric_purpose': term('bounded by'),
    }


def _referenced(
    segment: Segment, context: GroupContext
) -> sr.ReferencedSegment:
    from highdicom import sr

    return sr.ReferencedSegment(
        segment.header.SOPClassUID,
        segment.header.SOPInstanceUID,
        segment.number,
        source_images=[
            sr.SourceImageForSegmentation(
                context.images[uid].SOPClassUID, uid, frames or None
            )
            for uid, frames in segment.frames.items()
        ],
    )


def _box(detection: Mapping[str, Any], places: Places) -> ImagePoints | None:
    """The box of a detection as a closed line."""
    x1, y1, x2, y2 = detection['box_px']
    corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1)]
    return places.on_image(corners, detection['slice'], clip=True)


def _add_diameters(
    group: Dataset, record: Record, context: GroupContext
) -> None:
    """Give the numbers of the two diameters their ends."""
    if record['recist_px'] is None:
        return
    ends = np.reshape(record['recist_px'], (4, 2))
    for key, name, _ in _NUMBERS[:2]:
        if record[key] is None:
            continue
        code = term(name)
        (item,) = (
            item
            for item in group.ContentSequence
            if item.ConceptNameCodeSequence[0] == code
        )
        line = _line(ends[_ENDS[key]], record['key_slice'], context)
        if 'ContentSequence' not in item:
            item.ContentSequence = []
        item.ContentSequence.append(line)


def _line(ends: Floats, index: int, context: GroupContext) -> Dataset:
    """The line between two points of a slice of the volume."""
    from highdicom import sr

    found = context.places.on_image(ends, index)
    if found is None:
        return sr.CoordinatesForMeasurement3D(
            sr.GraphicTypeValues3D.POLYLINE,
            context.places.in_patient(ends, index),
            context.frame_of_reference_uid,
        )
    return sr.CoordinatesForMeasurement(
        sr.GraphicTypeValues.POLYLINE, found.points, _image(found.header)
    )


def _image(header: Dataset) -> sr.SourceImageForRegion:
    from highdicom import sr

    frame = header.get('ReferencedFrameNumber')
    return sr.SourceImageForRegion(
        header.SOPClassUID,
        header.SOPInstanceUID,
        None if frame is None else [int(frame)],
    )
