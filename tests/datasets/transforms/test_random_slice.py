import numpy as np
import pytest

from mmuldor.datasets.transforms import RandomSlice


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
