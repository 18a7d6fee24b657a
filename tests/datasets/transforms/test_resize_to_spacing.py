import numpy as np
import pytest
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from mmuldor.datasets.transforms import ResizeToSpacing
from tests.support.instances import LOAD_POLYGONS, one_lesion


def resized(height, width, source_mm, **kwargs):
    init_default_scope('mmdet')
    pipeline = Compose(
        [
            dict(type='mmuldor.RecistToMask'),
            LOAD_POLYGONS,
            dict(type='mmuldor.ResizeToSpacing', **kwargs),
        ]
    )
    return pipeline(
        {
            'img': np.zeros((height, width, 3), np.float32),
            'img_shape': (height, width),
            'ori_shape': (height, width),
            'height': height,
            'width': width,
            'spacing_mm': source_mm,
            'instances': one_lesion(bbox=[2.0, 4.0, 30.0, 14.0]),
        }
    )


@pytest.mark.parametrize(
    ('spacing', 'expected'),
    [(0.8, (64, 48)), (0.4, (32, 24)), (1.6, (100, 75)), (1.0, (80, 60))],
)
def test_a_pixel_measures_what_is_asked_up_to_the_longest_side(
    spacing, expected
):
    results = resized(64, 48, [spacing] * 2, spacing_mm=0.8, max_size=100)
    assert results['img'].shape == (*expected, 3)
    assert results['img_shape'] == expected
    x, y = results['scale_factor']
    assert x == pytest.approx(expected[1] / 48)
    boxes = results['gt_bboxes'].tensor.numpy()
    np.testing.assert_allclose(
        boxes[0], [2 * x, 4 * y, 30 * x, 14 * y], rtol=1e-6
    )
    polygon = results['gt_masks'].masks[0][0]
    assert polygon[0::2].max() == pytest.approx(20.5 * x)


@pytest.mark.parametrize('name', ['spacing_mm', 'max_size'])
def test_wrong_spacing(name):
    with pytest.raises(ValueError, match=f'`{name}` must be positive'):
        ResizeToSpacing(**{name: 0})
