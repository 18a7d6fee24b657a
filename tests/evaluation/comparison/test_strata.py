import numpy as np
import pytest

from mmuldor.evaluation.comparison.strata import (
    by_interval,
    by_size,
    by_type,
    long_diameters_mm,
    strata_of,
)


def test_the_longer_diameter_in_mm():
    # 3-4-5 px by 2 mm, and 8 px across by 0.5 mm.
    recist = [[0, 0, 3, 4, 0, 0, 1, 0], [0, 0, 0, 1, 0, 0, 8, 0]]
    spacing = [[2.0, 2.0], [0.5, 3.0]]
    assert long_diameters_mm(recist, spacing).tolist() == [10.0, 4.0]


def test_sizes_meet_at_10_and_30_mm():
    masks = by_size(np.array([9.99, 10.0, 30.0, 30.01]))
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        '< 10 mm': [True, False, False, False],
        '10-30 mm': [False, True, True, False],
        '> 30 mm': [False, False, False, True],
    }


def test_unknown_types_are_no_stratum():
    masks = by_type([5, -1, 1, 5])
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        'bone': [False, False, True, False],
        'lung': [True, False, False, True],
    }


def test_thin_and_thick_slices():
    thin, thick = by_interval([1.0, 2.5, 5.0]).values()
    assert thin.tolist() == [True, True, False]
    assert thick.tolist() == [False, False, True]


def test_strata_of_an_annotation_file():
    images = [
        {'id': 7, 'spacing_mm': [1.0, 1.0], 'slice_interval_mm': 5.0},
        {'id': 3, 'spacing_mm': [2.0, 2.0], 'slice_interval_mm': 1.0},
    ]
    lesion = {'recist_px': [0, 0, 9, 0, 0, 0, 0, 1], 'lesion_type': 4}
    lesions = [{**lesion, 'image_id': image_id} for image_id in (3, 7)]
    strata = strata_of(images, lesions)
    assert {name: mask.tolist() for name, mask in strata.items()} == {
        '< 10 mm': [False, True],
        '10-30 mm': [True, False],
        'interval <= 2.5 mm': [True, False],
        'interval > 2.5 mm': [False, True],
        'liver': [True, True],
    }


def test_recist_of_another_shape():
    with pytest.raises(ValueError, match='reshape'):
        long_diameters_mm(np.zeros((1, 6)), np.ones((1, 2)))
