"""Which of several series, and which of its files."""

import re
import shutil

import numpy as np
import pytest
from pydicom.uid import SecondaryCaptureImageStorage

from mmuldor.scans.dicom.folder import find_images
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.dicom.series_choice import without_localizers
from tests.support.dicom_series import (
    SLICES,
    expected,
    write_series,
    write_slice,
)
from tests.support.enhanced_ct import frame, write_enhanced


def test_one_of_several_series(tmp_path):
    write_series(tmp_path / 'a')
    write_series(tmp_path / 'b', uid='1.2.4', SeriesDescription='bone')
    with pytest.raises(ValueError, match=r'one of .*1\.2\.3.*1\.2\.4 .*bone'):
        read_dicom(tmp_path)
    assert read_dicom(tmp_path, '1.2.4').uid == '1.2.4'
    with pytest.raises(ValueError, match=r'not 9\.9, but one of the 2 series'):
        read_dicom(tmp_path, '9.9')


SCOUT = ['ORIGINAL', 'PRIMARY', 'LOCALIZER']
SECONDARY = {
    'SOPClassUID': SecondaryCaptureImageStorage,
    'ImageType': ['DERIVED', 'SECONDARY', 'OTHER'],
}


def write_others(folder):
    """What a hospital exports beside the slices, and what is said of it."""
    write_slice(folder, 0, '1.3.1', name='scout', ImageType=SCOUT)
    write_slice(folder, 0, '1.3.2', name='dose', **SECONDARY)
    write_series(folder / 'pet', (0, 1, 2, 3), uid='1.3.3', Modality='PT')
    for number in range(6):
        # A bolus monitor looks at one place again and again.
        place = [-20.0, -30.0, 100.0]
        write_slice(folder / 'bolus', number, '1.3.4', position=place)
    colour = {'SamplesPerPixel': 3, 'PhotometricInterpretation': 'RGB'}
    write_series(folder / 'map', (0, 1, 2, 3), uid='1.3.5', **colour)
    write_series(folder / 'two', (0, 1), uid='1.3.6')
    unplaced = {'ImagePositionPatient': None, 'PixelSpacing': None}
    write_series(folder / 'screen', (0, 1, 2), uid='1.3.7', **unplaced)
    return [
        r'1\.3\.1 \(CT, thorax, 1 files: scout views\)',
        r'1\.3\.2 \(CT, thorax, 1 files: Secondary Capture .* no CT image',
        r'1\.3\.3 \(PT, thorax, 4 files: .*Modality must be CT, but got PT',
        r'1\.3\.4 \(CT, thorax, 6 files: only 1 different pos',
        r'1\.3\.5 \(CT, thorax, 4 files: .*SamplesPerPixel is 3',
        r'1\.3\.6 \(CT, thorax, 2 files: only 2 different pos',
        r'1\.3\.7 \(CT, thorax, 3 files: .*must have ImagePositionPatient',
    ]


def test_the_only_series_that_can_be_a_volume(tmp_path):
    write_series(tmp_path / 'ct')
    left_out = write_others(tmp_path)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.uid == '1.2.3'
    assert len(series.notes) == len(left_out)
    for match in left_out:
        assert any(re.search(match, note) for note in series.notes), match
    assert all(note.startswith('series left out: ') for note in series.notes)
    # Chosen, it is taken without a word.
    assert read_dicom(tmp_path, '1.2.3').notes == []


def test_two_series_that_can_be_volumes(tmp_path):
    """Those that cannot be one are not offered."""
    write_series(tmp_path / 'ct')
    every_other = write_series(tmp_path / 'b', (0, 2, 4, 6), uid='1.2.4')
    write_others(tmp_path)
    with pytest.raises(
        ValueError,
        match=r'one of the 2 series there that can be a volume: '
        r'1\.2\.4 \(CT, thorax, 4 slices every 5 mm, in b\); '
        r'1\.2\.3 \(CT, thorax, 5 slices every 2\.5 mm, in ct\)\. Name one '
        r'\(`--series`\), or give its folder\.$',
    ):
        read_dicom(tmp_path)
    assert read_dicom(tmp_path, '1.2.4').volume.shape[0] == len(every_other)


def test_no_series_that_can_be_a_volume(tmp_path):
    left_out = write_others(tmp_path)
    # Where nothing else can be one, two slices are a volume.
    assert read_dicom(tmp_path).uid == '1.3.6'
    shutil.rmtree(tmp_path / 'two')
    del left_out[5]
    with pytest.raises(
        ValueError, match=r'6 series there none of which can be a volume'
    ) as error:
        read_dicom(tmp_path)
    for match in left_out:
        assert re.search(match, str(error.value)), match
    # Chosen, a series says itself what is wrong with it.
    with pytest.raises(ValueError, match='Modality must be CT, but got PT'):
        read_dicom(tmp_path, '1.3.3')


def test_a_screenshot_among_the_slices(tmp_path):
    """Stored in their series; alone it is judged as it is."""
    write_series(tmp_path)
    shot = {'ImagePositionPatient': None, **SECONDARY}
    write_slice(tmp_path, 0, name='shot', **shot)
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    assert series.notes == ['1 files that are no CT images: shot']
    write_slice(tmp_path / 'b', 0, **shot)
    with pytest.raises(ValueError, match='must have ImagePositionPatient'):
        read_dicom(tmp_path / 'b')


@pytest.mark.parametrize('uids', [('1.3.1', '1.3.1'), ('1.3.1', '1.3.2')])
def test_scouts_alone(tmp_path, uids):
    for number, uid in enumerate(uids):
        write_slice(tmp_path, number, uid, ImageType=SCOUT)
    with pytest.raises(ValueError, match='holds scout views only'):
        read_dicom(tmp_path)


def test_one_turned_slice_does_not_hide_a_series(tmp_path):
    """Else the other one would be read instead."""
    write_series(tmp_path / 'a', range(4))
    turned = {'orientation': [1, 0, 0, 0, 0, 1]}
    write_slice(tmp_path / 'a', 4, **turned)
    write_series(tmp_path / 'b', uid='1.2.4')
    with pytest.raises(ValueError, match='one of the 2 series'):
        read_dicom(tmp_path)


def test_an_enhanced_image_is_a_series_of_slices(tmp_path):
    write_others(tmp_path)
    write_enhanced(tmp_path / 'ct' / 'a', [frame(n) for n in range(SLICES)])
    series = read_dicom(tmp_path)
    assert np.array_equal(series.volume.hu, expected())
    write_enhanced(
        tmp_path / 'b', [frame(0), frame(1), frame(2)], SeriesInstanceUID='1.4'
    )
    with pytest.raises(ValueError, match=r'1\.4 .CT, .*, 3 slices every 2'):
        read_dicom(tmp_path)


def test_localizers_are_left_out_beside_slices(tmp_path):
    kind = ['ORIGINAL', 'PRIMARY', 'LOCALIZER']
    for number in (8, 9):
        write_slice(tmp_path, number, ImageType=kind)
    localizers = find_images(tmp_path).images
    # A series of nothing else is judged as it is.
    assert without_localizers(localizers) == (localizers, [])
    path = write_slice(tmp_path, 1)
    slices, notes = without_localizers(find_images(tmp_path).images)
    assert [file.path for file in slices] == [path]
    assert notes == ['2 scout views left out']
