import numpy as np
import pytest

from mmuldor.datasets.transforms import RecistToMask
from mmuldor.functional.recist import PseudoMask
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


def test_a_mask_is_moved_and_grown_and_nothing_else():
    lesions = one_lesion()
    transform = RecistToMask('box', grow_px=0.5, offset_px=[0.25, 1])
    (lesion,) = transform.transform({'instances': lesions})['instances']
    # 0.5 to 20.5 and 0.5 to 10.5, each end 0.5 further, then moved.
    assert lesion.pop('mask')[0].tolist() == [
        *(0.25, 1, 21.25, 1),
        *(21.25, 12, 0.25, 12),
    ]
    assert [lesion] == one_lesion()
    assert transform.pseudo_mask == PseudoMask('box', 16, 0.5, (0.25, 1))
    assert 'grow_px=0.5, offset_px=(0.25, 1)' in repr(transform)


def test_without_options_the_bits_are_those_of_the_shape():
    (lesion,) = one_lesion()
    polygon = RecistToMask().polygon(lesion['recist_px'])
    spelled = RecistToMask(grow_px=0.0, offset_px=(0.0, 0.0))
    assert np.array_equal(polygon, spelled.polygon(lesion['recist_px']))
    assert np.array_equal(polygon, PseudoMask().polygon(lesion['recist_px']))


def test_wrong_numbers_are_refused():
    with pytest.raises(ValueError, match='`grow_px` must be at least 0'):
        RecistToMask(grow_px=-1.0)
    with pytest.raises(TypeError, match='`offset_px` must be two numbers'):
        RecistToMask(offset_px=1.0)
