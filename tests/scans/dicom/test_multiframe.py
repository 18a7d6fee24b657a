"""Enhanced CT images, compared with the same slices as files of their own."""

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import EnhancedCTImageStorage, RLELossless

from mmuldor.functional.masks import crop_mask
from mmuldor.scans.dicom.folder import find_images
from mmuldor.scans.dicom.multiframe import frames_of
from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.lesions import SliceDetection
from mmuldor.scans.measurement import measure_lesion
from mmuldor.scans.reading import read_scan
from tests.scans.dicom.oblique_series import OPTIONAL
from tests.support.counted_reads import counted_reads
from tests.support.dicom_series import (
    SLICES,
    expected,
    hu_of,
    write_series,
    write_slice,
)
from tests.support.enhanced_ct import (
    enhanced_ct,
    frame,
    item,
    write_enhanced,
)

# The frames of a file are in no order, and have a rescale each.
ORDER = [3, 0, 4, 2, 1]
RESCALES = [(1, -1024), (0.5, -2000), (1, -1000), (0.25, -1024), (1, -8192)]


def frames(order=ORDER, **groups):
    made = []
    for number in order:
        slope, intercept = RESCALES[number]
        made.append(frame(number, slope=slope, intercept=intercept, **groups))
    return made


def content(**elements):
    return item(StackID='1', InStackPositionNumber=1, **elements)


def test_the_same_volume_as_slices_in_files_of_their_own(tmp_path):
    write_series(tmp_path / 'classic')
    path = write_enhanced(tmp_path / 'enhanced' / 'all.dcm', frames())
    classic = read_dicom(tmp_path / 'classic').volume
    with counted_reads() as reads:
        series = read_dicom(tmp_path / 'enhanced')
    assert reads[path] == 2
    assert np.array_equal(series.volume.hu, expected())
    assert np.array_equal(series.volume.affine, classic.affine)
    assert series.notes == []
    headers = series.volume.dicom_headers
    # Where the slices are in the file, counted from 1.
    assert [h.ReferencedFrameNumber for h in headers] == [2, 5, 4, 1, 3]
    assert {h.SOPInstanceUID for h in headers} == {
        pydicom.dcmread(path).SOPInstanceUID
    }
    assert headers[0].SliceThickness == 2.5
    assert not any('PixelData' in h or 'NumberOfFrames' in h for h in headers)


def test_one_file_without_its_folder(tmp_path):
    path = write_enhanced(tmp_path / 'all.dcm', frames())
    volume, notes = read_scan(path)
    assert np.array_equal(volume.hu, expected())
    assert notes == []
    alone = write_slice(tmp_path, 1, name='one')
    with pytest.raises(ValueError, match='at least two slices'):
        read_scan(alone)


def test_several_files_of_one_series(tmp_path):
    """Their slices interleave, and a copy of a file adds nothing.

    Copies may have a UID of their own, and parts may share one.
    """
    write_enhanced(tmp_path / 'a', frames([4, 0, 2]), SOPInstanceUID='1.5.1')
    write_enhanced(tmp_path / 'b', frames([1, 3]), SOPInstanceUID='1.5.1')
    write_enhanced(tmp_path / 'c', frames([3, 1]), SOPInstanceUID='1.5.2')
    with counted_reads() as reads:
        series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['c, the same 2 slices as b']
    ours = {p.name: n for p, n in reads.items() if p.parent == tmp_path}
    assert ours == {'a': 2, 'b': 2, 'c': 2}


def test_a_stack_in_two_files_may_have_two_names(tmp_path):
    for name, part in {'a': [0, 1, 2], 'b': [2, 3, 4]}.items():
        made = frames(part, FrameContentSequence=item(StackID=name))
        write_enhanced(tmp_path / name, made)
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())


def test_groups_may_be_shared_or_per_frame(tmp_path):
    """Each group is in one of both places, whichever the writer likes."""
    shared = enhanced_ct(frames()).SharedFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence
    del shared.PixelMeasuresSequence
    shared.PixelValueTransformationSequence = item(
        RescaleIntercept=-1024, RescaleSlope=1, RescaleType='HU'
    )
    made = [
        frame(
            number,
            PixelValueTransformationSequence=None,
            PixelMeasuresSequence=measures,
        )
        for number in ORDER
    ]
    write_enhanced(
        tmp_path / 'a', made, SharedFunctionalGroupsSequence=[shared]
    )
    volume = read_dicom(tmp_path).volume
    assert np.array_equal(volume.hu, expected())
    assert volume.spacing_mm == pytest.approx((0.7, 0.8, 2.5))


def test_compressed_frames(tmp_path):
    data = enhanced_ct(frames())
    data.compress(RLELossless)
    data.save_as(tmp_path / 'a')
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())
    # A frame fewer than the header says.
    with_all = pydicom.encaps.generate_frames(
        data.PixelData, number_of_frames=SLICES
    )
    data.PixelData = encapsulate(list(with_all)[:-1])
    data.save_as(tmp_path / 'a')
    with pytest.raises(ValueError, match=r'a: the pixels must be readable'):
        read_dicom(tmp_path)


def test_a_converted_series_of_single_slices(tmp_path):
    paths = write_series(
        tmp_path / 'classic',
        FrameOfReferenceUID='1.9',
        **dict.fromkeys(['PatientID', 'PatientName', 'StudyID'], 'x'),
        **dict.fromkeys(
            [
                *('PatientBirthDate', 'PatientSex', 'AccessionNumber'),
                *('StudyDate', 'StudyTime', 'ReferringPhysicianName'),
            ],
            '',
        ),
        **{'InstanceNumber': 1, 'SeriesNumber': 1, 'Manufacturer': 'x'},
    )
    converted = hd.legacy.LegacyConvertedEnhancedCTImage(
        legacy_datasets=[pydicom.dcmread(path) for path in paths[::-1]],
        series_instance_uid='1.2.9',
        series_number=2,
        sop_instance_uid='1.2.9.1',
        instance_number=1,
    )
    (tmp_path / 'converted').mkdir()
    converted.save_as(tmp_path / 'converted' / 'a')
    classic = read_dicom(tmp_path / 'classic').volume
    volume = read_dicom(tmp_path / 'converted').volume
    assert np.array_equal(volume.hu, classic.hu)
    assert np.array_equal(volume.affine, classic.affine)


@pytest.mark.parametrize(
    ('made', 'match'),
    [
        (
            [
                *frames(FrameContentSequence=content(TemporalPositionIndex=1)),
                *frames(FrameContentSequence=content(TemporalPositionIndex=2)),
            ],
            r'2 phases \(TemporalPositionIndex 1, 2\)',
        ),
        (
            [
                *frames(FrameContentSequence=item(StackID='A')),
                *frames(FrameContentSequence=item(StackID='B')),
            ],
            r'2 stacks \(StackID A, B\)',
        ),
        (
            [
                *frames([0, 1], FrameContentSequence=item(StackID='A')),
                *frames([3, 4], FrameContentSequence=item(StackID='B')),
            ],
            r'2 stacks \(StackID A, B\)',
        ),
        (
            [
                *frames(CTXRayDetailsSequence=item(KVP=80)),
                *frames(CTXRayDetailsSequence=item(KVP=140)),
            ],
            r'2 tube voltages \(KVP 80',
        ),
        ([*frames(), *frames([2])], r'frame 4 and .*frame 6 must be diff'),
    ],
)
def test_several_stacks_are_refused_by_name(tmp_path, made, match):
    write_enhanced(tmp_path / 'all.dcm', made)
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'NumberOfFrames': 4}, r'has 5 items, but NumberOfFrames is 4'),
        ({'NumberOfFrames': 10**8}, r'NumberOfFrames is 100000000'),
        ({'SharedFunctionalGroupsSequence': None}, r'frame 1 must have Image'),
        ({'SharedFunctionalGroupsSequence': []}, r'frame 1 must have Image'),
        ({'PerFrameFunctionalGroupsSequence': None}, r'NumberOfFrames is 5'),
        ({'PixelData': bytes(100)}, r'all\.dcm: the pixels must be readable'),
    ],
)
def test_images_that_are_not_whole(tmp_path, changes, match):
    write_enhanced(tmp_path / 'all.dcm', frames(), **changes)
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


@pytest.mark.parametrize(
    ('group', 'match'),
    [
        ('PlanePositionSequence', r'must have ImagePositionPatient'),
        ('PixelValueTransformationSequence', r'must have RescaleSlope'),
    ],
)
def test_a_frame_without_what_a_slice_needs(tmp_path, group, match):
    made = frames()
    made[3] = frame(2, **{group: None})
    write_enhanced(tmp_path / 'all.dcm', made)
    with pytest.raises(ValueError, match=f'frame 4 {match}'):
        read_dicom(tmp_path)


def test_scout_frames_are_left_out(tmp_path):
    scout = item(FrameType=['ORIGINAL', 'PRIMARY', 'LOCALIZER', 'NONE'])
    made = [*frames(), frame(9, CTImageFrameTypeSequence=scout)]
    write_enhanced(tmp_path / 'a', made)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['1 scout views left out']


def test_headers_of_frames_leave_that_of_the_file_unchanged(tmp_path):
    write_enhanced(tmp_path / 'a', frames())
    (file,) = find_images(tmp_path).images
    before = file.header.to_json()
    slices = frames_of([file])
    slices[0].header.add_new('RescaleSlope', 'DS', 7)
    assert file.header.to_json() == before
    assert [s.header.RescaleSlope for s in slices[1:]] == [1, 1, 1, 0.5]
    assert slices[1].where.endswith('a, frame 2')


def test_hu_of_a_frame_use_its_own_rescale(tmp_path):
    """A rescale that gives no HU is refused with the frame's number."""
    made = frames()
    made[1] = frame(0, stored=hu_of(0) + 1024, slope=1000)
    write_enhanced(tmp_path / 'a', made)
    with pytest.raises(ValueError, match='frame 2 must hold Hounsfield'):
        read_dicom(tmp_path)


def test_the_segmentation_refers_to_frames(tmp_path):
    """A lesion on the second and third slice, frames 5 and 4 of a file."""
    path = write_enhanced(tmp_path / 'ct' / 'a', frames(), **OPTIONAL)
    volume = read_dicom(tmp_path / 'ct').volume
    mask = np.zeros(volume.shape[1:], dtype=bool)
    mask[1:4, 2:6] = True
    box, piece = np.array([2.0, 1, 5, 3]), crop_mask(mask)
    lesion = measure_lesion(
        [SliceDetection(k, box, 0.9, piece) for k in (1, 2)], volume.affine
    )
    target = tmp_path / 'lesions.dcm'
    assert write_segmentation(target, [lesion], volume) == []
    seg = hd.seg.segread(target)
    uid = pydicom.dcmread(path).SOPInstanceUID
    (series,) = seg.ReferencedSeriesSequence
    (image,) = series.ReferencedInstanceSequence
    assert image.ReferencedSOPInstanceUID == uid
    assert image.ReferencedSOPClassUID == EnhancedCTImageStorage
    pixels = seg.get_pixels_by_source_frame(
        uid, [1, 2, 3, 4, 5], assert_missing_frames_are_empty=True
    )
    assert pixels[..., 0].any(axis=(1, 2)).tolist() == [
        *(False, False, False, True, True),
    ]
    assert np.array_equal(pixels[4, ..., 0], mask)
