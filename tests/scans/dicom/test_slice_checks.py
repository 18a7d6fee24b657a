"""Slices that are no CT in HU, or of another kind."""

import numpy as np
import pytest

from mmuldor.scans.dicom.series import read_dicom
from tests.support.dicom_series import write_series, write_slice


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        ({'Modality': 'MR'}, r'Modality must be CT, but got MR'),
        ({'RescaleSlope': None}, r'must have RescaleSlope, but has none'),
        ({'RescaleType': 'PCT'}, r'RescaleType must be HU, but got PCT'),
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


@pytest.mark.parametrize('number', [0, 2])
def test_slices_of_two_kinds(tmp_path, number):
    """The odd one is named, even if it comes first."""
    write_series(tmp_path)
    path = write_slice(tmp_path, number, PixelSpacing=[1.0, 1.0])
    match = (
        rf'{path.name}: PixelSpacing must be that of the other slices, .0\.8'
    )
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)
    write_slice(tmp_path, number, hu=np.zeros((7, 8)))
    match = (
        rf'{path.name}: Rows must be that of the other slices, 6, but got 7'
    )
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


@pytest.mark.parametrize(
    ('orientation', 'degrees'),
    [
        ([-1, 0, 0, 0, -1, 0], '180.0'),
        ([-1, 0, 0, 0, 1, 0], '180.0'),
        ([0, 1, 0, 1, 0, 0], '90.0'),
        ([0, 1, 0, -1, 0, 0], '90.0'),
        # sin(3 degrees) = 0.0523.
        ([0.99863, 0.05234, 0, -0.05234, 0.99863, 0], '3.0'),
        ([1, 0, 0, 0, 0.99863, 0.05234], '3.0'),
    ],
)
@pytest.mark.parametrize('number', [0, 3])
def test_a_turned_or_mirrored_slice(tmp_path, orientation, degrees, number):
    write_series(tmp_path)
    path = write_slice(tmp_path, number, orientation=orientation)
    with pytest.raises(
        ValueError, match=f'is turned by {degrees} degrees'
    ) as e:
        read_dicom(tmp_path)
    assert f'{path}: ImageOrientationPatient' in str(e.value)


def test_slices_that_are_rounded_differently(tmp_path):
    cosine, sine = np.cos(np.radians(30)), np.sin(np.radians(30))
    for number in range(5):
        digits = 3 if number % 2 else 6
        cosines = [cosine, sine, 0, -sine, cosine, 0]
        write_slice(
            tmp_path,
            number,
            orientation=[f'{value:.{digits}f}' for value in cosines],
            PixelSpacing=['0.703' if number % 2 else '0.703125'] * 2,
        )
    series = read_dicom(tmp_path)
    assert series.notes == []
    assert series.volume.spacing_mm == pytest.approx((0.703125, 0.703125, 2.5))
    directions = series.volume.affine[:3, :2] / 0.703125
    assert directions == pytest.approx(
        np.array([[cosine, -sine], [sine, cosine], [0, 0]]), abs=1e-6
    )


def test_two_spacings_that_rounding_does_not_make_one(tmp_path):
    write_series(tmp_path, PixelSpacing=['0.7', '0.7'])
    # 0.74 rounds to 0.7, but 512 pixels of it are 20 mm longer.
    write_slice(tmp_path, 2, PixelSpacing=['0.74', '0.74'])
    with pytest.raises(ValueError, match=r'PixelSpacing must be .* 0\.74'):
        read_dicom(tmp_path)
