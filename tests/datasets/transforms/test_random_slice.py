import numpy as np
import pytest

from mmuldor.datasets import DeepLesionDataset
from mmuldor.datasets.transforms import LoadCTSlices, RandomSlice
from mmuldor.functional.slices import stored_numbers


def test_slices_vary_by_millimetres_and_at_most_half_an_interval():
    np.random.seed(0)
    for interval, most in ((4.0, 0.25), (1.0, 0.5)):
        jitter = RandomSlice(max_mm=1.0)
        offsets = [
            jitter.transform({'slice_interval_mm': interval})['slice_offset']
            for _ in range(500)
        ]
        assert 0.97 * most < max(np.abs(offsets)) <= most
        assert abs(np.mean(offsets)) < 0.1 * most


@pytest.mark.parametrize(('kwargs', 'message'), [({'max_mm': 0}, 'positive')])
def test_variations_out_of_range_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        RandomSlice(**kwargs)


@pytest.mark.parametrize('interval_mm', [None, 0.7, 2.0, 5.0])
@pytest.mark.parametrize('stored_mm', [0.5, 1.0, 2.0, 2.5, 5.0])
@pytest.mark.parametrize('slice_range', [(2, 40), (20, 22)])
def test_the_outermost_offsets_need_what_any_needs(
    interval_mm, stored_mm, slice_range
):
    np.random.seed(0)
    jitter, loader = RandomSlice(1.0), LoadCTSlices(5, interval_mm)
    item = dict(
        slice_interval_mm=stored_mm, key_slice=21, slice_range=slice_range
    )

    def numbers(offset):
        return stored_numbers(
            loader.positions({**item, 'slice_offset': offset})
        )

    checked = set().union(*map(numbers, jitter.slice_offsets(item)))
    drawn = [jitter.transform(dict(item))['slice_offset'] for _ in range(200)]
    assert set().union(*map(numbers, drawn)) == checked


def build(folder, *steps):
    return DeepLesionDataset(
        data_root=str(folder),
        ann_file='train.json',
        data_prefix=dict(img='Images_png'),
        pipeline=[*steps, dict(type='mmuldor.LoadCTSlices', num_slices=1)],
    )


@pytest.mark.parametrize('name', ['004.png', '006.png'])
@pytest.mark.parametrize(
    'step',
    [
        dict(type='mmuldor.RandomSlice', max_mm=0.1),
        dict(type='mmuldor.SliceOffset'),
    ],
)
def test_a_damaged_slice_that_may_be_drawn_is_found(mini_data, name, step):
    path = mini_data / 'Images_png/000003_01_01' / name
    path.write_bytes(path.read_bytes()[:-20])
    assert len(build(mini_data)) == 6
    if step['type'] == 'mmuldor.SliceOffset':
        step = {**step, 'mm': 0.1 if name == '006.png' else -0.1}
    with pytest.raises(ValueError, match=rf'{name} .*truncated'):
        build(mini_data, step)
