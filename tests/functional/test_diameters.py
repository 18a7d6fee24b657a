import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.diameters import (
    check_endpoints,
    closest_points,
    convex_hull,
    crossing_point,
    diameters,
    polygon_area,
    recist_of_polygon,
)
from mmuldor.functional.recist import pseudo_mask_polygon

# A cross: 20 px along x, 10 px along y, meeting in its middle (10, 5).
CROSS = np.array([[0, 5], [20, 5], [10, 0], [10, 10]], dtype=float)


def turned(points, degrees, shift=(0.0, 0.0)):
    angle = np.radians(degrees)
    turn = [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
    return np.asarray(points) @ np.array(turn) + shift


@pytest.mark.parametrize('shift', [0, -7, 1e6])
def test_the_area_of_a_polygon(shift):
    # An L: 4 x 3 without 2 x 2.
    points = np.array([[0, 0], [4, 0], [4, 1], [2, 1], [2, 3], [0, 3.0]])
    for order in (points, points[::-1], [*points, points[0]]):
        moved = np.add(order, [shift, 2 * shift])
        assert polygon_area(moved) == 8


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


@pytest.mark.parametrize('mirror', [1, -1])
def test_the_widest_place_may_be_on_one_side_of_a_vertex_only(mirror):
    # Along x the height is x / 8 up to 8, jumps from 1 to 4 there, and falls
    # to 0 at 20. Mirrored, it falls behind the jump.
    outline = np.array([[0, 0], [8, 1], [8, 4], [20, 0]], dtype=float)
    outline[:, 0] *= mirror
    ends = recist_of_polygon(outline)
    assert diameters(ends) == pytest.approx((20, 4), abs=1e-5)
    x, y = ends[2:].T
    assert x == pytest.approx([8 * mirror] * 2, abs=1e-5)
    assert sorted(y) == pytest.approx([0, 4], abs=1e-5)


def test_of_several_pieces_of_a_chord_the_longest_counts():
    # Teeth of a comb, 4, 12 and 8 long, on a back 1 high and 40 wide: across
    # x = 20 the outline is crossed twice, and no line leaves a tooth.
    comb = [[0, 0], [40, 0], [40, 1], [30, 1], [30, 9], [28, 9], [28, 1]]
    comb += [[21, 1], [21, 13], [19, 13], [19, 1], [0, 1]]
    ends = recist_of_polygon(np.array(comb, dtype=float))
    long, short = diameters(ends)
    assert long == pytest.approx(np.hypot(40, 1))
    # Perpendicular to the diagonal, 12 + 1 px high at the middle tooth.
    assert short == pytest.approx(13, abs=0.1)
    assert ends[2:, 0] == pytest.approx([20, 20], abs=1.01)


def test_the_message_has_the_shape():
    with pytest.raises(ValueError, match='polygon') as caught:
        recist_of_polygon(np.zeros((2, 2)))
    assert str(caught.value) == (
        '`polygon` must have shape (N, 2) with N >= 3, but got (2, 2).'
    )
    with pytest.raises(ValueError, match=r'but got \(4, 3\)\.'):
        recist_of_polygon(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r'but got \(8,\)\.'):
        recist_of_polygon(np.zeros(8))
    with pytest.raises(ValueError, match='area') as caught:
        recist_of_polygon(np.zeros((3, 2)))
    assert str(caught.value) == (
        '`polygon` must have an area, but all points align.'
    )


T_SHAPE = [[5, 0], [5, 10], [0, 0], [10, 0]]


def test_closest_points_of_parallel_diameters():
    points = np.array([[0, 0], [10, 0], [2, 3], [7, 3]], dtype=float)
    first, second = closest_points(points)
    assert np.hypot(*(first - second)) == pytest.approx(3)


def test_diameters_put_the_longer_one_first():
    assert diameters(CROSS) == (20, 10)
    assert diameters(CROSS[[2, 3, 0, 1]]) == (20, 10)


def test_hull_drops_inner_and_collinear_points():
    points = [[0, 0], [2, 0], [4, 0], [4, 4], [0, 4], [1, 2]]
    assert sorted(convex_hull(points).tolist()) == [
        [0, 0],
        [0, 4],
        [4, 0],
        [4, 4],
    ]


@pytest.mark.parametrize('order', [[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1]])
def test_diameters_may_touch(order):
    # One ends on the other: only two of the four arms span an area.
    points = np.array(T_SHAPE, dtype=float)[order]
    assert diameters(points) == (10, 10)
    assert crossing_point(points).tolist() == [5, 0]


@pytest.mark.parametrize(
    ('points', 'first', 'second'),
    [
        # Beside each other, both ends beyond the other's.
        ([[0, 0], [4, 0], [6, 1], [6, 9]], [4, 0], [6, 1]),
        ([[4, 0], [0, 0], [6, 9], [6, 1]], [4, 0], [6, 1]),
        # The nearest point of the second is its end, of the first inside.
        ([[0, 0], [10, 0], [3, 2], [3, 8]], [3, 0], [3, 2]),
        ([[0, 0], [10, 0], [3, 8], [3, 2]], [3, 0], [3, 2]),
        # The other way about.
        ([[3, 2], [3, 8], [0, 0], [10, 0]], [3, 2], [3, 0]),
        # Oblique: from (1, 3) perpendicular on the line y = x.
        ([[0, 0], [8, 8], [1, 3], [-5, 9]], [2, 2], [1, 3]),
        # Parallel, without a common part: ends that face each other.
        ([[0, 0], [4, 0], [6, 3], [9, 3]], [4, 0], [6, 3]),
        ([[0, 0], [4, 0], [9, 3], [6, 3]], [4, 0], [6, 3]),
        ([[4, 0], [0, 0], [-2, 3], [-9, 3]], [0, 0], [-2, 3]),
    ],
)
def test_closest_points_by_hand(points, first, second):
    found = closest_points(np.array(points, dtype=float))
    assert found[0].tolist() == pytest.approx(first)
    assert found[1].tolist() == pytest.approx(second)


@pytest.mark.parametrize(
    ('points', 'message'),
    [
        (
            np.zeros((3, 2)),
            '`endpoints_px` must have shape (4, 2): both ends of one '
            'diameter, then of the other, or (n, 4, 2), but got shape (3, 2).',
        ),
        (
            [[0, 0], [1, 1], [np.inf, 0], [0, 1]],
            '`endpoints_px` must be finite, but got [[0.0, 0.0], [1.0, 1.0], '
            '[inf, 0.0], [0.0, 1.0]].',
        ),
        (
            [[0, 0], [2, 2], [1, 0], [1, 0]],
            'a diameter must have a length, but both ends are [1.0, 0.0].',
        ),
        (
            [[0, 0], [4, 0], [1, 0], [3, 0]],
            'the diameters must span an area, but all endpoints lie on one '
            'line: [[0.0, 0.0], [4.0, 0.0], [1.0, 0.0], [3.0, 0.0]].',
        ),
        (
            [CROSS, [[1, 1], [1, 1], [0, 0], [2, 3]]],
            'a diameter of lesion 1 must have a length, but both ends are '
            '[1.0, 1.0].',
        ),
    ],
)
def test_what_is_wrong_is_said(points, message):
    with pytest.raises(ValueError, match='must') as caught:
        check_endpoints(np.array(points, dtype=float))
    assert str(caught.value) == message


def test_a_sliver_has_a_short_diameter():
    sliver = np.array([[0, 0], [20, 0], [20, 0.25], [0, 0.25]])
    found = diameters(recist_of_polygon(sliver))
    assert found == pytest.approx((np.hypot(20, 0.25), 0.25), abs=1e-4)
