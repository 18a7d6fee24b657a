"""Series with one oddity of their geometry or unit each, as reported."""

import numpy as np
import pytest

from mmuldor.scans.dicom.series import read_dicom


@pytest.fixture
def cases(real_data):
    folder = real_data / 'cases' / 'dicom'
    if not folder.is_dir():
        pytest.skip(f'no series with oddities: {folder} is absent')
    return folder


def test_a_tilted_gantry(cases):
    series = read_dicom(cases / 'gantry-tilt')
    assert 'slanted by 14.0 degrees' in series.notes[0]
    axes = series.volume.affine[:3, :3]
    # Steps of 2.5 mm along the table are shorter along the normal.
    interval_mm = 2.5 * np.cos(np.radians(14))
    expected = np.diag(np.square([0.8, 0.8, interval_mm]))
    assert axes.T @ axes == pytest.approx(expected, abs=1e-6)
    assert np.linalg.det(axes) == pytest.approx(0.8 * 0.8 * interval_mm)


def test_positions_with_one_decimal(cases):
    volume = read_dicom(cases / 'positions-one-decimal').volume
    assert volume.shape[0] == 20
    assert volume.spacing_mm == pytest.approx((0.8, 0.8, 0.625), abs=1e-3)


@pytest.mark.parametrize('stated', ['US', 'hu'])
def test_a_rescale_type_that_means_hounsfield_units(cases, stated):
    series = read_dicom(cases / f'rescaletype-{stated}')
    assert series.notes == [
        f'RescaleType is {stated!r}: values taken as Hounsfield units'
    ]


@pytest.mark.parametrize(
    ('name', 'match'),
    [
        ('inplane-shift', 'from IM0005 to IM0006 they jump by 20.0 mm'),
        ('two-ranges', 'IM0005 and IM0006 are 202.5 mm apart, where 80 slice'),
        ('rescaletype-HU_MOD', 'RescaleType must be HU, but got HU_MOD'),
    ],
)
def test_what_is_refused(cases, name, match):
    with pytest.raises(ValueError, match=match):
        read_dicom(cases / name)
