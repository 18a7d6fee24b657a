import numpy as np
import pytest

from mmuldor.datasets.transforms import RandomResizeToSpacing


def test_sizes_vary_after_the_limit():
    np.random.seed(0)
    resize = RandomResizeToSpacing(0.5, max_size=100, factors=(0.8, 1.2))
    sides = []
    for _ in range(200):
        results = {
            'img': np.zeros((60, 80, 9), np.float32),
            'spacing_mm': [1.0, 1.0],
        }
        height, width = resize.transform(results)['img'].shape[:2]
        assert abs(height / width - 0.75) < 0.02
        sides.append(width)
    assert 80 <= min(sides) < 84
    assert 116 < max(sides) <= 120


@pytest.mark.parametrize(
    ('kwargs', 'message'), [({'factors': (1.2, 0.8)}, 'factors')]
)
def test_variations_out_of_range_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        RandomResizeToSpacing(**kwargs)
