"""`lesions_sr.dcm`, read back by highdicom."""

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import EnhancedCTImageStorage

from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import COLUMNS, ROWS, write_series
from tests.scans.dicom.references.deidentified_series import enhanced, tilt
from tests.scans.dicom.report.reports import (
    BOX,
    NUMBERS,
    groups_of,
    lesion,
    line_of,
    numbers_of,
    report_of,
)


@pytest.fixture
def volume(tmp_path):
    return read_scan(write_series(tmp_path / 'ct'))[0]


def test_every_number_is_that_of_the_json(volume, tmp_path):
    lesions = [
        lesion(volume, probability=0.71234, long_mm=7.12345),
        lesion(volume, (4,), score=1 / 3),
        lesion(volume, (1, 2), masks=False, score=0.1),
    ]
    report, records, notes = report_of(tmp_path, lesions, volume)
    assert notes == []
    groups = groups_of(report)
    for record, group in zip(records, groups, strict=True):
        stated = {k: record[k] for k in NUMBERS if record[k] is not None}
        units = {key: unit for key, (_, unit) in NUMBERS.items()}
        assert numbers_of(group) == {
            key: (value, units[key]) for key, value in stated.items()
        }
        assert group.tracking_uid == record['tracking_uid']
        assert group.tracking_identifier == f'Lesion {record["number"]}'
        assert group.finding_type == codes.SCT.Lesion
    # 4 x 3 px of 0.7 x 0.8 mm on two slices of 2.5 mm: 33.6 mm3.
    assert numbers_of(groups[0])['volume_ml'] == (0.0336, 'ml')
    assert numbers_of(groups[0])['long_mm'] == (7.123, 'mm')
    assert numbers_of(groups[0])['probability'] == (0.7123, '1')
    # Not rounded in the JSON, and more digits than a decimal string has.
    assert numbers_of(groups[1])['score'] == (1 / 3, '1')
    assert set(numbers_of(groups[2])) == {'score'}


@pytest.mark.parametrize(
    ('axes', 'long', 'short'),
    [
        # The centre of pixel (10, 5) is (10.5, 5.5).
        ('LPS', [(10.5, 5.5), (13.5, 7.5)], [(11.5, 7.5), (12.5, 5.5)]),
        # Columns to the right: column 10 is column 32 - 10.
        ('RPS', [(22.5, 5.5), (19.5, 7.5)], [(21.5, 7.5), (20.5, 5.5)]),
        # Rows to the front: row 5 is row 20 - 5.
        ('LAI', [(10.5, 15.5), (13.5, 13.5)], [(11.5, 13.5), (12.5, 15.5)]),
        # Rows to the left, columns to the back: the image is transposed.
        ('PLS', [(5.5, 10.5), (7.5, 13.5)], [(7.5, 11.5), (5.5, 12.5)]),
    ],
)
def test_diameters_lie_on_the_key_slice(tmp_path, axes, long, short):
    assert (COLUMNS, ROWS) == (33, 21)
    volume, _ = read_scan(write_series(tmp_path / 'ct', axes=axes))
    report, records, _ = report_of(tmp_path, [lesion(volume)], volume)
    (group,) = groups_of(report)
    uid = records[0]['key_slice_source']['sop_instance_uid']
    for key, ends in (('long_mm', long), ('short_mm', short)):
        line = line_of(group, key)
        assert (line.ValueType, line.GraphicType) == ('SCOORD', 'POLYLINE')
        assert line.value.tolist() == [list(end) for end in ends]
        (image,) = line.ContentSequence
        assert image.RelationshipType == 'SELECTED FROM'
        assert image.referenced_sop_instance_uid == uid
    # In all of them the third slice from the feet.
    (source,) = (
        pydicom.dcmread(path)
        for path in (tmp_path / 'ct').iterdir()
        if pydicom.dcmread(path).SOPInstanceUID == uid
    )
    assert source.ImagePositionPatient[2] == 105.0


def test_frames_of_an_enhanced_image(tmp_path):
    enhanced(tmp_path / 'ct')
    volume, _ = read_scan(tmp_path / 'ct')
    report, _, notes = report_of(tmp_path, [lesion(volume)], volume)
    assert notes == []
    (group,) = groups_of(report)
    (image,) = line_of(group, 'long_mm').ContentSequence
    assert image.referenced_sop_class_uid == EnhancedCTImageStorage
    # Slices 2 and 3 are frames 3 and 4 of the only file.
    assert image.referenced_frame_numbers == [3]
    (source,) = group.referenced_segment.source_images_for_segmentation
    assert source.referenced_frame_numbers == [3, 4]
    # Once among the evidence, beside the Segmentation.
    assert len(report.get_evidence()) == 2


@pytest.mark.parametrize(
    ('axes', 'numbers'), [('PIR', range(6)), ('LPS', (0, 1, 3, 4, 5))]
)
def test_diameters_that_lie_on_no_image(tmp_path, axes, numbers):
    """Of a sagittal series, or on the slice 2 that was filled in."""
    folder = write_series(tmp_path / 'ct', axes=axes, numbers=numbers)
    volume, _ = read_scan(folder)
    # A sagittal series of 6 slices has 6 columns.
    found = lesion(volume, (2, 1), left=9)
    report, _, notes = report_of(tmp_path, [found], volume)
    assert notes == []
    (group,) = groups_of(report)
    for key, ends in (
        ('long_mm', [(1, 5, 2), (4, 7, 2)]),
        ('short_mm', [(2, 7, 2), (3, 5, 2)]),
    ):
        line = line_of(group, key)
        assert (line.ValueType, line.GraphicType) == ('SCOORD3D', 'POLYLINE')
        expected = volume.to_patient(np.array(ends))
        assert line.value == pytest.approx(expected, abs=1e-4)
        assert line.frame_of_reference_uid == '1.9'


def test_the_ends_of_a_tilted_series(tmp_path):
    """On the scanner's image, which lies aside of the straight grid."""
    folder = write_series(tmp_path / 'ct')
    tilt(folder)
    volume, _ = read_scan(folder)
    report, records, _ = report_of(tmp_path, [lesion(volume)], volume)
    (line,) = (line_of(group, 'long_mm') for group in groups_of(report))
    uid = records[0]['key_slice_source']['sop_instance_uid']
    (source,) = (
        header
        for header in volume.dicom_headers
        if header.SOPInstanceUID == uid
    )
    columns, rows = (line.value - 0.5).T
    places = np.array(source.ImagePositionPatient, float) + np.column_stack(
        [columns * 0.7, rows * 0.8, np.zeros(2)]
    )
    expected = volume.to_patient(np.array([[10, 5, 2], [13, 7, 2]]))
    assert places == pytest.approx(expected, abs=1e-3)


def test_a_segment_with_its_images(volume, tmp_path):
    lesions = [lesion(volume, (0,), masks=False), lesion(volume)]
    report, records, _ = report_of(tmp_path, lesions, volume)
    segmentation = hd.seg.segread(tmp_path / 'lesions.dcm')
    segment = segmentation.get_segment_description(1)
    # Lesion 2 is segment 1, under one name.
    _, group = groups_of(report)
    assert segment.tracking_uid == group.tracking_uid
    assert segment.tracking_uid == records[1]['tracking_uid']
    assert group.reference_type == codes.DCM.ReferencedSegment
    item, *_ = group.referenced_segment
    assert item.referenced_sop_instance_uid == segmentation.SOPInstanceUID
    assert item.referenced_segment_numbers == [1]
    images = group.referenced_segment.source_images_for_segmentation
    assert [image.referenced_sop_instance_uid for image in images] == [
        volume.dicom_headers[k].SOPInstanceUID for k in (2, 3)
    ]
    named = {uid for _, _, uid, _ in report.get_evidence()}
    assert named == {
        *(header.SOPInstanceUID for header in volume.dicom_headers),
        segmentation.SOPInstanceUID,
    }


def test_a_lesion_without_a_mask_has_its_boxes(volume, tmp_path):
    report, _, notes = report_of(
        tmp_path, [lesion(volume, masks=False)], volume
    )
    assert notes == []
    (group,) = groups_of(report)
    regions = group.roi
    # The box ends with the pixels 10 to 13 and 5 to 7.
    assert BOX == (9.5, 4.5, 13.5, 7.5)
    for region, k in zip(regions, (2, 3), strict=True):
        assert region.graphic_type == hd.sr.GraphicTypeValues.POLYLINE
        assert region.value.tolist() == [
            *([10, 5], [14, 5], [14, 8], [10, 8], [10, 5]),
        ]
        (image,) = region.ContentSequence
        uid = volume.dicom_headers[k].SOPInstanceUID
        assert image.referenced_sop_instance_uid == uid


def test_a_lesion_that_no_image_shows(tmp_path):
    """The only slice of its box was filled in."""
    folder = write_series(tmp_path / 'ct', numbers=(0, 1, 3, 4, 5))
    volume, _ = read_scan(folder)
    found = [lesion(volume, (2,)), lesion(volume, (2,), masks=False)]
    report, records, _ = report_of(tmp_path, found, volume)
    groups = report.content.get_image_measurement_groups()
    assert groups_of(report) == []
    for record, group in zip(records, groups, strict=True):
        assert group.tracking_uid == record['tracking_uid']
        assert numbers_of(group)['score'] == (0.87, '1')
    assert line_of(groups[0], 'short_mm').ValueType == 'SCOORD3D'


def test_types_are_sites_or_evaluations(volume, tmp_path):
    lesions = [
        lesion(volume, (k,), lesion_type=kind)
        for k, kind in enumerate(['liver', None, 'unknown', 'Zyste \u00fc'])
    ]
    report, _, _ = report_of(tmp_path, lesions, volume)
    groups = groups_of(report)
    sites = [[site.value for site in g.finding_sites] for g in groups]
    assert sites == [[codes.SCT.Liver], [], [], []]
    (kind,) = groups[3].get_qualitative_evaluations()
    assert (kind.name.meaning, kind.value.meaning) == (
        'Lesion type',
        'Zyste \u00fc',
    )
    assert kind.value.scheme_designator == '99MMULDOR'
    assert report.SpecificCharacterSet == 'ISO_IR 192'
    (scheme,) = report.CodingSchemeIdentificationSequence
    assert scheme.CodingSchemeDesignator == '99MMULDOR'
    assert all(not g.get_qualitative_evaluations() for g in groups[:3])
