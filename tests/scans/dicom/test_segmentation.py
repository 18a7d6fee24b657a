"""Lesions as a DICOM Segmentation, read back by highdicom."""

import re
import shutil

import highdicom as hd
import numpy as np
import pydicom
import pytest

from mmuldor import __version__
from mmuldor.functional.masks import crop_mask, largest_piece, rasterize
from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import (
    COLUMN_MM,
    COLUMNS,
    INTERVAL,
    OPTIONAL,
    ROW_MM,
    ROWS,
    SLICES,
    write_series,
)

BOXES = {
    1: [(1, (4, 3, 12, 9)), (2, (5, 4, 13, 10)), (3, (5, 5, 9, 8))],
    2: [(2, (11, 8, 20, 15))],
}


def outline(box):
    x1, y1, x2, y2 = np.array(box, dtype=float)
    # A corner is cut, so that no flip leaves the mask as it was.
    return np.array([[x1, y1], [x2, y1], [x2, y2 - 2], [x2 - 3, y2], [x1, y2]])


def lesions_of(volume, boxes=None):
    found = []
    for place in (boxes or BOXES).values():
        detections = [
            SliceDetection(k, np.array(box, float), 0.9, mask_in(volume, box))
            for k, box in place
        ]
        found.append(measure_lesion(detections, volume.affine))
    return found


def mask_in(volume, box):
    return crop_mask(rasterize(outline(box), *volume.shape[1:]))


def volume_mask(volume, number):
    mask = np.zeros(volume.shape, dtype=bool)
    for k, box in BOXES[number]:
        mask[k] |= rasterize(outline(box), *volume.shape[1:])
    return mask


def patient_points(mask, affine):
    """Patient coordinates of the voxels, in the order of the coordinates."""
    slices, rows, columns = np.nonzero(mask)
    indices = np.stack([columns, rows, slices, np.ones(len(rows))])
    points = (affine @ indices)[:3].T.round(3) + 0.0
    return np.array(sorted(points.tolist()))


@pytest.mark.parametrize(
    'axes', ['LPS', 'RPS', 'LAS', 'RAI', 'LPI', 'RPI', 'PIR', 'AIL', 'LIP']
)
def test_every_pixel_comes_back_on_its_source_slice(tmp_path, axes):
    folder = write_series(tmp_path / 'ct', axes=axes)
    volume, _ = read_scan(folder)
    path = tmp_path / 'lesions.dcm'
    assert write_segmentation(path, lesions_of(volume), volume) == []
    seg = hd.seg.segread(path)
    sources = [pydicom.dcmread(p) for p in sorted(folder.iterdir())]
    # Pixel on pixel on the source images, whatever their order.
    uids = [source.SOPInstanceUID for source in sources]
    stack = seg.get_pixels_by_source_instance(
        uids, assert_missing_frames_are_empty=True
    )
    assert stack.shape == (SLICES, ROWS, COLUMNS, 2)
    for number in (1, 2):
        expected = patient_points(volume_mask(volume, number), volume.affine)
        found = []
        for pixels, source in zip(
            stack[..., number - 1], sources, strict=True
        ):
            place = np.array(source.ImagePositionPatient, float)
            axis = np.array(source.ImageOrientationPatient, float)
            affine = np.eye(4)
            affine[:3, 0] = axis[:3] * COLUMN_MM
            affine[:3, 1] = axis[3:] * ROW_MM
            affine[:3, 3] = place
            found += patient_points(pixels[None] > 0, affine).tolist()
        assert np.allclose(sorted(found), expected, atol=1e-3)
    # The same voxels as a volume, without the source images.
    cube = seg.get_volume(combine_segments=False)
    turned = np.einsum('srcn->nsrc', cube.array)
    index = cube.affine[:, [2, 1, 0, 3]]
    for number in (1, 2):
        expected = patient_points(volume_mask(volume, number), volume.affine)
        found = patient_points(turned[number - 1] > 0, index)
        assert np.allclose(found, expected, atol=1e-3)


def test_what_it_says_of_itself(tmp_path):
    folder = write_series(tmp_path / 'ct')
    volume, _ = read_scan(folder)
    path = tmp_path / 'lesions.dcm'
    write_segmentation(path, lesions_of(volume), volume)
    seg = hd.seg.segread(path)
    assert (seg.Modality, seg.SegmentationType) == ('SEG', 'BINARY')
    assert seg.SegmentsOverlap == 'YES'
    assert seg.FrameOfReferenceUID == '1.9'
    assert (seg.PatientID, seg.StudyInstanceUID) == ('P1', '1.2')
    (series,) = seg.ReferencedSeriesSequence
    assert series.SeriesInstanceUID == '1.2.3'
    assert seg.SeriesInstanceUID != '1.2.3'
    # Every source slice is referred to, with a lesion or without.
    named = series.ReferencedInstanceSequence
    assert sorted(item.ReferencedSOPInstanceUID for item in named) == sorted(
        pydicom.dcmread(p).SOPInstanceUID for p in folder.iterdir()
    )
    assert seg.NumberOfFrames == 4
    assert seg.ContentCreatorName == ''
    measures = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    assert measures.PixelSpacing == [ROW_MM, COLUMN_MM]
    assert measures.SliceThickness == 3.0
    assert measures.SpacingBetweenSlices == INTERVAL
    for number in (1, 2):
        segment = seg.get_segment_description(number)
        assert segment.segment_label == f'Lesion {number}'
        assert segment.segmented_property_category.value == '49755003'
        assert segment.segmented_property_type.value == '52988006'
        assert segment.algorithm_type.value == 'AUTOMATIC'
        (algorithm,) = segment.algorithm_identification
        assert algorithm.AlgorithmName == 'mmuldor'
        assert algorithm.AlgorithmVersion == __version__
        assert segment.tracking_id == f'Lesion {number}'
    assert len({uid for _, uid in seg.get_tracking_ids()}) == 2


def test_one_lesion_and_one_without_a_mask(tmp_path):
    volume, _ = read_scan(write_series(tmp_path / 'ct'))
    whole = lesions_of(volume, {2: BOXES[2]})
    box = np.array([1.0, 1, 4, 4])
    bare = measure_lesion([SliceDetection(0, box, 0.95, None)], volume.affine)
    path = tmp_path / 'lesions.dcm'
    assert write_segmentation(path, [bare, *whole], volume) == []
    seg = hd.seg.segread(path)
    assert seg.number_of_segments == 1
    assert seg.SegmentsOverlap == 'NO'
    # The number that lesions.json and the pictures give it.
    assert seg.get_segment_description(1).segment_label == 'Lesion 2'
    cube = seg.get_volume().array
    assert cube.sum() == volume_mask(volume, 2).sum()


@pytest.mark.parametrize('axes', ['LPS', 'PIR'])
def test_the_volume_of_a_lesion_is_that_of_its_segment(tmp_path, axes):
    """Predicted masks have holes and several pieces."""
    volume, _ = read_scan(write_series(tmp_path / 'ct', axes=axes))
    rng = np.random.default_rng(0)
    lesions = []
    for k in (1, 3):
        mask = rng.random(volume.shape[1:]) < 0.5
        piece = largest_piece(mask)
        assert piece.area_px != mask.sum()
        box = np.array([0.0, 0, 4, 4])
        found = [SliceDetection(i, box, 0.9, piece) for i in (k, k + 1)]
        lesions.append(measure_lesion(found, volume.affine))
    assert write_segmentation(tmp_path / 's.dcm', lesions, volume) == []
    cube = hd.seg.segread(tmp_path / 's.dcm').get_volume(
        combine_segments=False
    )
    voxel_ml = ROW_MM * COLUMN_MM * INTERVAL / 1000
    for number, lesion in enumerate(lesions):
        voxels = cube.array[..., number].sum()
        assert lesion.volume_ml == pytest.approx(voxels * voxel_ml)


def test_filled_in_slices_have_no_frame(tmp_path):
    folder = write_series(tmp_path / 'ct', numbers=(0, 1, 3, 4, 5))
    volume, read = read_scan(folder)
    assert read == ['1 missing slices interpolated']
    path = tmp_path / 'lesions.dcm'
    notes = write_segmentation(path, lesions_of(volume), volume)
    assert notes == ['lesions.dcm leaves out 2 masks on filled-in slices']
    seg = hd.seg.segread(path)
    # The second lesion was only there.
    assert seg.number_of_segments == 1
    places = [
        group.PlanePositionSequence[0].ImagePositionPatient[2]
        for group in seg.PerFrameFunctionalGroupsSequence
    ]
    assert places == [102.5, 107.5]
    lost = write_segmentation(path, lesions_of(volume)[1:], volume)
    assert lost == [
        'lesions.dcm was not written: all masks lie on slices that were '
        'filled in'
    ]


@pytest.mark.parametrize('lesions', ['none', 'bare'])
def test_nothing_to_write_removes_an_older_file(tmp_path, lesions):
    volume, _ = read_scan(write_series(tmp_path / 'ct'))
    path = tmp_path / 'lesions.dcm'
    path.write_text('of another scan')
    bare = SliceDetection(0, np.array([1.0, 1, 4, 4]), 0.95, None)
    found = [measure_lesion([bare], volume.affine)]
    notes = write_segmentation(
        path, found if lesions == 'bare' else [], volume
    )
    assert notes == ['lesions.dcm was not written: no lesion has a mask']
    assert not path.exists()


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'SeriesInstanceUID': 'text'}, r'common SeriesInstanceUID, .* valid'),
        ({'SOPInstanceUID': '1.5'}, r'must have its own SOPInstanceUID'),
    ],
)
def test_slices_that_cannot_be_referred_to(tmp_path, changes, match):
    volume, _ = read_scan(write_series(tmp_path / 'ct', **changes))
    (note,) = write_segmentation(
        tmp_path / 'lesions.dcm', lesions_of(volume), volume
    )
    assert re.search(match, note)
    assert not (tmp_path / 'lesions.dcm').exists()


def test_the_files_are_not_needed_any_more(tmp_path):
    folder = write_series(tmp_path / 'ct')
    volume, _ = read_scan(folder)
    shutil.rmtree(folder)
    path = tmp_path / 'lesions.dcm'
    assert write_segmentation(path, lesions_of(volume), volume) == []
    cube = hd.seg.segread(path).get_volume(combine_segments=False).array
    assert cube.sum() == sum(volume_mask(volume, k).sum() for k in BOXES)


def test_the_headers_of_the_volume_stay_as_they_are(tmp_path):
    # Turned a little, within the reader's tolerance.
    folder = write_series(tmp_path / 'ct', **dict.fromkeys(OPTIONAL))
    path = folder / '0.dcm'
    data = pydicom.dcmread(path)
    data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0.0005]
    data.save_as(path)
    volume, _ = read_scan(folder)
    before = [header.to_json_dict() for header in volume.dicom_headers]
    target = tmp_path / 'lesions.dcm'
    assert write_segmentation(target, lesions_of(volume), volume) == []
    after = [header.to_json_dict() for header in volume.dicom_headers]
    assert after == before
    orientations = {str(x['00200037']['Value']) for x in after}
    assert len(orientations) == 2


def test_a_name_in_another_character_set(tmp_path):
    folder = write_series(
        tmp_path / 'ct',
        SpecificCharacterSet='ISO_IR 100',
        PatientName='M\u00fcller^Zo\u00eb',
    )
    volume, _ = read_scan(folder)
    path = tmp_path / 'lesions.dcm'
    assert write_segmentation(path, lesions_of(volume), volume) == []
    assert pydicom.dcmread(path).PatientName == 'M\u00fcller^Zo\u00eb'


def test_an_anonymised_series(tmp_path):
    folder = write_series(tmp_path / 'ct', **dict.fromkeys(OPTIONAL))
    volume, _ = read_scan(folder)
    path = tmp_path / 'lesions.dcm'
    assert write_segmentation(path, lesions_of(volume), volume) == []
    seg = hd.seg.segread(path)
    assert seg.PatientID == ''
    assert seg.get_volume(combine_segments=False).array.sum() == sum(
        volume_mask(volume, number).sum() for number in (1, 2)
    )
