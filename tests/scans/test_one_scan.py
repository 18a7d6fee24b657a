"""Slices of two scans in one series, and those of one scan in many."""

import shutil

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from mmuldor.scans.dicom.segmentation import write_segmentation
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.reading import read_scan
from tests.scans.dicom import oblique_series
from tests.scans.dicom.test_segmentation import lesions_of
from tests.support.dicom_series import (
    INTERVAL,
    expected,
    hu_of,
    write_series,
    write_slice,
)

# What tells two phases of one series apart.
PHASES = [
    ({'AcquisitionNumber': 1}, {'AcquisitionNumber': 2}, '2 acquisitions'),
    (
        {'TemporalPositionIdentifier': 1},
        {'TemporalPositionIdentifier': 2},
        '2 phases',
    ),
    (
        {'ConvolutionKernel': 'B30f'},
        {'ConvolutionKernel': 'B70f'},
        r'2 reconstruction kernels \(ConvolutionKernel B30f, B70f\)',
    ),
    ({'KVP': 80}, {'KVP': 140}, '2 tube voltages'),
    ({'SeriesNumber': 2}, {'SeriesNumber': 3}, '2 series'),
    (
        {'SeriesNumber': 10201},
        {'SeriesNumber': 10202},
        r'2 series \(SeriesNumber 10201, 10202\)',
    ),
    ({'SliceThickness': 3}, {'SliceThickness': 6}, '2 slice thicknesses'),
]


@pytest.mark.parametrize(('one', 'other', 'found'), PHASES)
def test_two_phases_between_each_other(tmp_path, one, other, found):
    """Slices of 5 mm, the second phase half an interval further."""
    for number in range(8):
        write_slice(tmp_path, number, **(other if number % 2 else one))
    with pytest.raises(
        ValueError, match=f'those of {found}.* lie between each other'
    ):
        read_dicom(tmp_path)


@pytest.mark.parametrize(('one', 'other', 'found'), PHASES)
def test_two_phases_at_the_same_positions(tmp_path, one, other, found):
    write_series(tmp_path / 'a', **one)
    for number in range(5):
        write_slice(tmp_path / 'b', number, hu=hu_of(number) + 9, **other)
    with pytest.raises(ValueError, match=f'They are of {found}'):
        read_dicom(tmp_path)


def test_acquisitions_that_follow_each_other_are_one_scan(tmp_path):
    """Step and shoot, with a slice of the first behind one of the second."""
    numbers = [1, 1, 2, 1, 2, 2, 3, 3]
    for number, acquisition in enumerate(numbers):
        write_slice(tmp_path, number, AcquisitionNumber=acquisition)
    assert read_dicom(tmp_path).volume.shape[0] == 8


def test_what_some_slices_do_not_say_tells_nothing(tmp_path):
    for number in range(8):
        stated = {'KVP': 120, 'PatientID': 'A'} if number % 2 else {}
        write_slice(tmp_path, number, **stated)
    assert read_dicom(tmp_path).volume.shape[0] == 8


@pytest.mark.parametrize(
    'keyword', ['PatientID', 'StudyInstanceUID', 'FrameOfReferenceUID']
)
def test_slices_of_two_patients_with_one_uid(tmp_path, keyword):
    """They would make one volume; the message does not name the patients."""
    for number in range(6):
        write_slice(tmp_path, number, **{keyword: f'77{number // 3}'})
    with pytest.raises(ValueError, match=f'2 values of {keyword}') as error:
        read_dicom(tmp_path)
    assert '770' not in str(error.value)


def test_slices_that_all_state_a_study_of_their_own(tmp_path):
    for number in range(5):
        write_slice(tmp_path, number, StudyInstanceUID=f'1.2.{number}')
    assert np.array_equal(read_dicom(tmp_path).volume.hu, expected())


def test_one_thickness_in_several_spellings(tmp_path):
    for number in range(8):
        spelled = '2.50' if number % 2 else '2.5'
        write_slice(tmp_path, number, SliceThickness=spelled)
    assert read_dicom(tmp_path).volume.shape[0] == 8


def test_slices_that_all_state_a_series_of_their_own(tmp_path):
    for number in range(5):
        write_slice(tmp_path, number, f'1.2.{number}')
    write_slice(tmp_path, 0, '1.9', name='scout', ImageType='LOCALIZER')
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes[0] == (
        'each of 5 slices states a series of its own: taken as one'
    )
    assert series.notes[1].startswith('series left out: 1.9 ')
    # Lone pictures of several patients are none.
    write_slice(tmp_path, 5, '1.2.5', PatientID='B')
    with pytest.raises(ValueError, match='none of which can be a volume'):
        read_dicom(tmp_path)


def test_a_segmentation_cannot_refer_to_many_series(tmp_path):
    oblique_series.write_series(tmp_path / 'all')
    for number, path in enumerate(sorted((tmp_path / 'all').iterdir())):
        data = pydicom.dcmread(path)
        data.SeriesInstanceUID = f'1.2.{number}'
        data.save_as(path)
    volume, _ = read_scan(tmp_path / 'all')
    path = tmp_path / 'lesions.dcm'
    (note,) = write_segmentation(path, lesions_of(volume), volume)
    assert 'common SeriesInstanceUID' in note
    assert not path.exists()


def test_the_folder_of_each_series_is_named(tmp_path):
    for place, uid in (('x/axial', '1.2.3'), ('x/thin', '1.2.4')):
        write_series(tmp_path / place, uid=uid)
    with pytest.raises(
        ValueError,
        match=r'every 2\.5 mm, in x/axial\); .*, in x/thin\)\. Name one '
        r'\(`--series`\), or give its folder',
    ):
        read_dicom(tmp_path)
    volume = read_dicom(tmp_path / 'x' / 'thin').volume
    assert np.array_equal(volume.hu, expected())


SLANT = np.radians(15)


@pytest.mark.parametrize(
    ('rows', 'step', 'tilt', 'noted'),
    [
        ([0, 1, 0], [0, 0, INTERVAL], 15, True),
        ([0, 1, 0], [0, 0, -INTERVAL], -15, True),
        ([0, 1, 0], [0, 0, INTERVAL], 0, False),
        ([0, 1, 0], [0, 0, INTERVAL], None, False),
        ([0, 1, 0], [0, 0, INTERVAL], 'text', False),
        # Shown by the positions, or by the directions.
        ([0, np.cos(SLANT), np.sin(SLANT)], [0, 0, INTERVAL], 15, False),
        (
            [0, np.cos(SLANT), np.sin(SLANT)],
            [0, -INTERVAL * np.sin(SLANT), INTERVAL * np.cos(SLANT)],
            *(15, False),
        ),
        ([0, 0, -1], [0, INTERVAL, 0], 15, False),
    ],
)
def test_a_tilt_that_only_its_element_states(
    tmp_path, rows, step, tilt, noted
):
    for number in range(4):
        path = write_slice(
            *(tmp_path, number),
            orientation=[1, 0, 0, *np.round(rows, 6)],
            position=np.round(np.array(step) * number, 6).tolist(),
        )
        data = pydicom.dcmread(path)
        if tilt == 'text':
            data[0x00181120] = RawDataElement(
                Tag(0x00181120), 'DS', 4, b'text', 0, False, True
            )
        elif tilt is not None:
            data.GantryDetectorTilt = tilt
        data.save_as(path)
    notes = read_dicom(tmp_path).notes
    found = [note for note in notes if note.startswith('GantryDetectorTilt')]
    assert len(found) == noted
    assert all(' is 15 degrees, but slices lie' in note for note in found)


def test_links_are_followed(tmp_path):
    """To files, to folders, around in a circle, and to nothing."""
    write_series(tmp_path / 'store')
    scan = tmp_path / 'scan'
    scan.mkdir()
    (scan / 'series').symlink_to(tmp_path / 'store')
    (scan / 'again').symlink_to(scan)
    (scan / 'gone.dcm').symlink_to(tmp_path / 'nothing')
    series = read_dicom(scan)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['1 links to files that do not exist: gone.dcm']
    shutil.rmtree(tmp_path / 'store')
    with pytest.raises(FileNotFoundError, match=r'gone\.dcm leads nowhere'):
        read_scan(scan)


@pytest.mark.parametrize('keyword', ['Rows', 'PixelSpacing'])
def test_slices_of_two_sizes_are_told_apart(tmp_path, keyword):
    write_series(tmp_path)
    odd = {'hu': hu_of(5)[:4]} if keyword == 'Rows' else {}
    odd |= {'PixelSpacing': [1, 1]} if keyword == 'PixelSpacing' else {}
    place = [-20.0, -30.0, 100 + 5 * INTERVAL]
    write_slice(tmp_path, 5, position=place, **odd)
    with pytest.raises(ValueError, match=f'{keyword} must be .*into a folder'):
        read_dicom(tmp_path)
