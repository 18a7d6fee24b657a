"""Names of DeepLesion's slices in the spellings of several tools."""

import pytest

from mmuldor.evaluation.slice_names import patient_number, slice_name


@pytest.mark.parametrize(
    'name',
    [
        '000012_01_03/109.png',
        '000012_01_03_109.png',
        'Images_png/000012_01_03/109.png',
        'D:\\data\\000012_01_03\\109.PNG',
        '/data/key_slices/000012_01_03_109.nii.gz',
    ],
)
def test_spellings(name):
    assert slice_name(name) == '000012_01_03/109.png'
    assert patient_number(name) == 12


@pytest.mark.parametrize(
    'name',
    [
        '',
        '109.png',
        '12_01_03/109.png',
        '000012_01_03/109',
        'a000012_01_03/109.png',
        '000012_01_03/109.png/1.png',
    ],
)
def test_other_names(name):
    assert slice_name(name) is None
    assert patient_number(name) is None
