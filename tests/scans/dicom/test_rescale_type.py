"""RescaleType as ITK, GDCM and others write it, and other quantities."""

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
