"""RescaleType as ITK, GDCM and others write it, and other quantities."""

import numpy as np
import pytest

from mmuldor.scans.dicom.series import read_dicom
from tests.support.dicom_series import expected, write_series, write_slice


@pytest.mark.parametrize('stated', ['HU', 'HU ', '', None])
def test_hounsfield_units(tmp_path, stated):
    write_series(tmp_path, RescaleType=stated)
    assert read_dicom(tmp_path).notes == []


@pytest.mark.parametrize(
    'stated',
    ['hu', 'US', 'us', 'unspecified', 'UNSPECIFIED', 'Hounsfield',
     'Hounsfield Units', 'HOUNSFIELD_UNITS', 'none'],
)  # fmt: skip
def test_what_is_taken_as_hounsfield_units(tmp_path, stated):
    write_series(tmp_path, RescaleType=stated)
    series = read_dicom(tmp_path)
    assert (series.volume.hu == expected()).all()
    assert series.notes == [
        f'RescaleType is {stated!r}: values taken as Hounsfield units'
    ]


@pytest.mark.parametrize(
    ('stated', 'found'),
    [
        ('HU_MOD', r'HU_MOD \(modified Hounsfield units\)'),
        ('Z_EFF', r'Z_EFF \(effective atomic number\)'),
        ('ED', r'ED \(electron density\)'),
        ('EDW', r'EDW \(electron density relative to water\)'),
        ('MGML', r'MGML \(mg/ml\)'),
        ('mgml', r'mgml \(mg/ml\)'),
        ('PCT', r'PCT \(percent\)'),
        ('OD', r'OD \(optical density\)'),
        ('ml/100ml/min', 'ml/100ml/min,'),
    ],
)
def test_other_quantities(tmp_path, stated, found):
    write_series(tmp_path)
    # One slice of it is enough.
    path = write_slice(tmp_path, 2, RescaleType=stated)
    match = f'{path.name}: RescaleType must be HU, but got {found}'
    with pytest.raises(ValueError, match=match):
        read_dicom(tmp_path)


@pytest.mark.parametrize('tilt', [0.0, 0.25])
def test_values_that_cannot_be_hounsfield_units(tmp_path, tilt):
    """The intercept was forgotten; a tilt adds air, which hides nothing."""
    rng = np.random.default_rng(0)
    rows = [0, np.cos(tilt), np.sin(tilt)]
    for number in range(5):
        tissue = rng.normal(1064, 20, (16, 16)).astype(np.int16)
        write_slice(
            tmp_path,
            number,
            hu=tissue,
            orientation=[1, 0, 0, *rows],
            RescaleType='US',
        )
    with pytest.raises(ValueError, match=r'like HU \+1024'):
        read_dicom(tmp_path)
