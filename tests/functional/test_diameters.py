import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.diameters import recist_of_polygon
from mmuldor.functional.recist import diameters, pseudo_mask_polygon


def turned(points, degrees, shift=(0.0, 0.0)):
    angle = np.radians(degrees)
    turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return np.asarray(points) @ np.array(turn) + shift


def test_a_rectangle():
    # Diagonal 5; the chord across it from a corner is to the height as the
    # diagonal to the width: 3 * 5 / 4.
    points = recist_of_polygon([[0, 0], [4, 0], [4, 3], [0, 3]])
    assert diameters(points) == pytest.approx((5, 3.75), abs=1e-5)


@given(
    st.floats(0, 360),
    st.floats(4, 40),
    st.floats(0.3, 1),
    st.floats(-100, 100),
)
def test_an_ellipse_anywhere(degrees, long, ratio, shift):
    t = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ellipse = np.stack([long * np.cos(t), ratio * long * np.sin(t)], axis=1)
    points = recist_of_polygon(turned(ellipse, degrees, (shift, -shift)))
    found = diameters(points)
    assert found == pytest.approx((2 * long, 2 * ratio * long), rel=2e-3)
    across = (points[1] - points[0]) @ (points[3] - points[2])
    assert across == pytest.approx(0, abs=1e-4 * long * long)


def test_a_pseudo_mask_gives_its_diameters_back():
    recist = np.array([[0, 0], [20, 0], [10, -4], [10, 6.0]])
    found = recist_of_polygon(pseudo_mask_polygon(recist, 64))
    assert found[np.argsort(found[:, 0])][[0, 3]] == pytest.approx(
        np.array([[0, 0], [20, 0]]), abs=1e-2
    )
    assert diameters(found) == pytest.approx((20, 10), abs=1e-2)


def test_the_short_one_stays_inside():
    # A U of arms 2 wide: across the gap there is no diameter.
    u = [[0, 0], [10, 0], [10, 30], [8, 30], [8, 2], [2, 2], [2, 30], [0, 30]]
    long, short = diameters(recist_of_polygon(u))
    assert long == pytest.approx(np.hypot(10, 30))
    assert short < 10


@pytest.mark.parametrize(
    ('polygon', 'match'),
    [
        ([[0, 0], [1, 1]], r'shape \(N, 2\).*\(2, 2\)'),
        ([[0, 0], [1, 1], [2, 2]], r'must have an area'),
        ([[3, 3], [3, 3], [3, 3]], r'must have an area'),
    ],
)
def test_no_polygon(polygon, match):
    with pytest.raises(ValueError, match=match):
        recist_of_polygon(np.array(polygon, dtype=float))
