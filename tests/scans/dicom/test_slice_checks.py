"""Slices that are no CT in HU, or of another kind."""

import pytest

from mmuldor.scans.dicom.series import read_dicom
from tests.support.dicom_series import write_series, write_slice


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'Modality': 'MR'}, r'Modality must be CT, but got MR'),
        ({'RescaleSlope': None}, r'must have RescaleSlope, but has none'),
        ({'RescaleType': 'US'}, r'RescaleType must be HU, but got US'),
        ({'ImagePositionPatient': None}, r'must have ImagePositionPatient'),
        ({'PixelSpacing': None}, r'must have PixelSpacing'),
        ({'NumberOfFrames': 4}, r'one slice, but NumberOfFrames is 4'),
        ({'SamplesPerPixel': 3}, r'of a colour picture'),
        ({'RescaleSlope': 400}, r'must hold Hounsfield units, .* to'),
    ],
)
def test_what_is_no_ct_in_hu(tmp_path, changes, match):
    write_series(tmp_path, **changes)
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


def test_slices_of_two_kinds(tmp_path):
    write_series(tmp_path)
    write_slice(tmp_path, 9, PixelSpacing=[1.0, 1.0])
    with pytest.raises(ValueError, match=r'PixelSpacing must be that of the'):
        read_dicom(tmp_path)
