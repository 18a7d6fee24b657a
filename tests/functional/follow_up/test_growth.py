"""Growth of one measurement."""

import math

import pytest

from mmuldor.functional.follow_up.growth import growth


def test_growth():
    assert growth(20.0, 25.0) == (5.0, 25.0)
    assert growth(20.0, 15.0) == (-5.0, -25.0)
    assert growth(0.0, 3.0) == (3.0, None)
    assert growth(None, 3.0) is None
    assert growth(3.0, None) is None


@pytest.mark.parametrize('wrong', [-1.0, math.nan, math.inf])
def test_wrong(wrong):
    with pytest.raises(ValueError, match='0 or more'):
        growth(wrong, 1.0)
    with pytest.raises(ValueError, match='0 or more'):
        growth(1.0, wrong)
