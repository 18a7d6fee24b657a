import pytest

from mmuldor.datasets.transforms import RecistToMask
from tests.support.instances import one_lesion


def test_recist_becomes_a_polygon():
    results = RecistToMask().transform({'instances': one_lesion()})
    (polygon,) = results['instances'][0]['mask']
    assert polygon.shape == (128,)
    assert polygon[0::2].max() == pytest.approx(20.5)
    box = RecistToMask('box').transform({'instances': one_lesion()})
    assert box['instances'][0]['mask'][0].tolist() == [
        *(0.5, 0.5, 20.5, 0.5),
        *(20.5, 10.5, 0.5, 10.5),
    ]


def test_an_unknown_shape_is_refused():
    with pytest.raises(ValueError, match=r"must be one of .*'ellipse'"):
        RecistToMask('circle')
