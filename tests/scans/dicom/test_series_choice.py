"""Which of several series, and which of its files."""

import pytest

from mmuldor.scans.dicom.headers import find_images
from mmuldor.scans.dicom.series import read_dicom
from mmuldor.scans.dicom.series_choice import without_localizers
from tests.support.dicom_series import write_series, write_slice


def test_one_of_several_series(tmp_path):
    write_series(tmp_path / 'a')
    write_series(tmp_path / 'b', uid='1.2.4', SeriesDescription='bone')
    with pytest.raises(ValueError, match=r'one of .*1\.2\.3.*1\.2\.4 .*bone'):
        read_dicom(tmp_path)
    assert read_dicom(tmp_path, '1.2.4').uid == '1.2.4'
    with pytest.raises(ValueError, match=r'not 9\.9, but one of the 2 series'):
        read_dicom(tmp_path, '9.9')


def test_localizers_are_left_out_beside_slices(tmp_path):
    kind = ['ORIGINAL', 'PRIMARY', 'LOCALIZER']
    for number in (8, 9):
        write_slice(tmp_path, number, ImageType=kind)
    localizers, _ = find_images(tmp_path)
    # A series of nothing else is judged as it is.
    assert without_localizers(localizers) == (localizers, [])
    path = write_slice(tmp_path, 1)
    slices, notes = without_localizers(find_images(tmp_path)[0])
    assert [file.path for file in slices] == [path]
    assert notes == ['2 scout views left out']
