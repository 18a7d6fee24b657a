import numpy as np
import pytest

from mmuldor.datasets.transforms import RandomWindowHU, WindowHU


def test_windows_vary_about_their_own():
    np.random.seed(0)
    jitter = RandomWindowHU([(0, 100)], max_shift=0.1, max_stretch=0.2)
    image = np.array([[[-1000.0], [50.0], [1000.0]]], np.float32)
    grey = np.array(
        [
            jitter.transform({'img': image.copy()})['img'][0, :, 0]
            for _ in range(500)
        ]
    )
    assert (grey[:, 0] == 0).all()
    assert (grey[:, 2] == 255).all()
    # The level moves by 10 of a width of 80 to 120.
    deviation = np.abs(grey[:, 1] - 127.5) / 255
    assert 0.1 < deviation.max() <= 10 / 80
    assert abs(grey[:, 1].mean() - 127.5) < 3


def test_no_variation_is_the_window_itself():
    image = {'img': np.random.default_rng(0).normal(0, 99, (4, 6, 3))}
    still = RandomWindowHU([(-100, 100), (0, 50)], 0, 0).transform({**image})
    plain = WindowHU([(-100, 100), (0, 50)]).transform({**image})
    np.testing.assert_allclose(still['img'], plain['img'], atol=1e-3)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        ({'max_stretch': 1.0}, 'max_stretch'),
        ({'max_shift': -0.1}, 'max_shift'),
    ],
)
def test_variations_out_of_range_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        RandomWindowHU(**kwargs)
