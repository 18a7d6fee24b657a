import os

import numpy as np
import pytest

from mmuldor.datasets.transforms import LoadCTSlices


def loaded(info, **kwargs):
    results = LoadCTSlices(**kwargs).transform(dict(info))
    assert results['img'].dtype == np.float32
    assert results['img_shape'] == results['ori_shape'] == (4, 6)
    return results['img'][0, 0].tolist()


@pytest.mark.parametrize(
    ('count', 'expected'),
    [
        (1, [500]),
        (3, [400, 500, 600]),
        (5, [300, 400, 500, 600, 700]),
        (9, [300, 300, 300, 400, 500, 600, 700, 700, 700]),
    ],
)
def test_neighbours_become_channels_and_repeat_at_the_ends(
    series, count, expected
):
    assert loaded(series, num_slices=count) == expected


def test_slices_are_resampled_to_the_interval(series):
    # 1 mm is half a stored step, 3 mm one and a half.
    assert loaded(series, slice_interval_mm=1.0) == [450, 500, 550]
    assert loaded(series, slice_interval_mm=3.0) == [350, 500, 650]
    assert loaded(series, slice_interval_mm=2.0) == [400, 500, 600]
    assert loaded(series, slice_interval_mm=9.0) == [300, 500, 700]


@pytest.mark.parametrize(
    ('kwargs', 'values', 'interval_mm'),
    [
        ({}, [400, 500, 600], 2.0),
        ({'slice_interval_mm': 1.0}, [450, 500, 550], 1.0),
        # Stored at 2 mm: thicker than 1 mm, so as they are; not than 3 mm.
        (
            {'slice_interval_mm': 1.0, 'keep_thicker': True},
            [400, 500, 600],
            2.0,
        ),
        (
            {'slice_interval_mm': 3.0, 'keep_thicker': True},
            [350, 500, 650],
            3.0,
        ),
    ],
)
def test_thicker_slices_may_stay(series, kwargs, values, interval_mm):
    assert loaded(series, **kwargs) == values
    results = LoadCTSlices(**kwargs).transform(dict(series))
    assert results['loaded_interval_mm'] == interval_mm


def test_thicker_than_what():
    with pytest.raises(ValueError, match='needs `slice_interval_mm`'):
        LoadCTSlices(keep_thicker=True)


def test_the_end_of_the_range_can_be_an_error(series):
    assert loaded(series, num_slices=5, out_of_range='error')[0] == 300
    with pytest.raises(ValueError, match='its range is 3 to 7'):
        loaded(series, num_slices=7, out_of_range='error')


def test_a_missing_neighbour_is_repeated_or_an_error(series):
    os.remove(series['img_path'].replace('005', '004'))
    assert loaded(series, num_slices=5) == [300, 500, 500, 600, 700]
    loader = LoadCTSlices(num_slices=3)
    assert loader.lacks_neighbours(series)
    assert [os.path.basename(p) for p in loader.slice_paths(series)] == [
        '005.png',
        '006.png',
    ]
    with pytest.raises(FileNotFoundError, match=r'004\.png.*does not exist'):
        loaded(series, missing='error')


def test_a_missing_key_slice_is_always_an_error(series):
    os.remove(series['img_path'])
    with pytest.raises(FileNotFoundError, match=r'005\.png'):
        loaded(series)


def test_a_slice_of_another_size_is_an_error(series):
    series['width'] = 8
    with pytest.raises(ValueError, match=r'00\d\.png must be 4 high and 8'):
        loaded(series)


@pytest.mark.parametrize(
    ('kwargs', 'error', 'match'),
    [
        ({'num_slices': 2}, ValueError, 'must be odd'),
        ({'num_slices': 3.0}, TypeError, 'must be an int'),
        ({'slice_interval_mm': 0}, ValueError, 'must be positive'),
        ({'out_of_range': 'pad'}, ValueError, '`out_of_range` must be one'),
        ({'missing': 'skip'}, ValueError, '`missing` must be one'),
    ],
)
def test_wrong_loader_arguments(kwargs, error, match):
    with pytest.raises(error, match=match):
        LoadCTSlices(**kwargs)


def test_a_slice_beside_the_key_slice_is_loaded(series):
    assert loaded({**series, 'slice_offset': 0.25}) == [425, 525, 625]
    assert loaded({**series, 'slice_offset': -0.5}) == [350, 450, 550]
