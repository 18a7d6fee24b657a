import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmuldor.functional.recist import (
    MASK_SHAPES,
    PseudoMask,
    box_polygon,
    crossing_point,
    diameters,
    ellipse_polygon,
    moved_endpoints,
    pseudo_mask_polygon,
    pseudo_mask_polygons,
    quadrilateral_polygon,
)

# A cross: 20 px along x, 10 px along y, meeting in its middle (10, 5).
CROSS = np.array([[0, 5], [20, 5], [10, 0], [10, 10]], dtype=float)


def area(polygon):
    x, y = polygon.T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def test_four_quarters_of_a_symmetric_cross_make_one_ellipse():
    polygon = pseudo_mask_polygon(CROSS)
    assert polygon.shape == (64, 2)
    radii = ((polygon - [10, 5]) / [10, 5]) ** 2
    np.testing.assert_allclose(radii.sum(axis=1), 1)


def test_area_is_0_16_per_cent_below_the_exact_one():
    exact = np.pi * 10 * 5
    assert area(pseudo_mask_polygon(CROSS)) == pytest.approx(
        exact * (1 - 0.0016), rel=1e-4
    )
    fine = pseudo_mask_polygon(CROSS, points_per_quarter=1000)
    assert area(fine) == pytest.approx(exact, rel=1e-6)


def test_off_centre_diameters_give_four_different_quarters():
    # O = (8, 5); arms 8 and 12 along x, 5 and 4 along y.
    points = np.array([[0, 5], [20, 5], [8, 0], [8, 9]])
    polygon = pseudo_mask_polygon(points, points_per_quarter=500)
    exact = np.pi / 4 * (8 * 5 + 5 * 12 + 12 * 4 + 4 * 8)
    assert area(polygon) == pytest.approx(exact, rel=1e-5)


def test_oblique_diameters_use_the_affine_arc():
    # At t = 45 degrees the arc is at O + (OA + OC) / sqrt(2).
    points = np.array([[0, 0], [10, 0], [3, -4], [7, 4]], dtype=float)
    polygon = pseudo_mask_polygon(points, points_per_quarter=2)
    o, a, c = np.array([5, 0]), points[0], points[2]
    np.testing.assert_allclose(
        polygon[1], o + ((a - o) + (c - o)) / np.sqrt(2)
    )


@pytest.mark.parametrize('gap', [0.0, 0.5, 1.0])
def test_small_gap_puts_o_between_the_closest_points(gap):
    points = np.array([[0, 0], [10, 0], [4, gap], [4, 8]])
    np.testing.assert_allclose(crossing_point(points), [4, gap / 2])
    assert len(pseudo_mask_polygon(points)) == 64


def test_larger_gap_gives_the_convex_hull():
    points = np.array([[0, 0], [10, 0], [4, 1.01], [4, 8]])
    assert crossing_point(points) is None
    polygon = pseudo_mask_polygon(points)
    # (4, 1.01) lies inside the triangle of the others.
    assert sorted(polygon.tolist()) == [[0, 0], [4, 8], [10, 0]]


def test_ellipse_quadrilateral_and_box():
    assert area(ellipse_polygon(CROSS, 1000)) == pytest.approx(
        np.pi * 50, rel=1e-5
    )
    assert area(quadrilateral_polygon(CROSS)) == 100
    assert area(box_polygon(CROSS)) == 200


def test_ellipse_follows_the_longer_diameter_whichever_comes_first():
    swapped = ellipse_polygon(CROSS[[2, 3, 0, 1]])
    assert np.ptp(swapped[:, 0]) == pytest.approx(20)
    assert np.ptp(swapped[:, 1]) == pytest.approx(10)


@pytest.mark.parametrize('shape', MASK_SHAPES)
def test_bad_endpoints_are_refused(shape):
    build = MASK_SHAPES[shape]
    with pytest.raises(ValueError, match=r'must have shape \(4, 2\)'):
        build(np.zeros(8))
    with pytest.raises(ValueError, match='must be finite'):
        build(np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match='must have a length'):
        build([[1, 1], [1, 1], [0, 0], [2, 2]])
    with pytest.raises(ValueError, match='lie on one line'):
        build([[0, 0], [10, 5], [20, 10], [30, 15]])


angle = st.floats(0, 2 * np.pi)
arm = st.floats(0.5, 200)


@given(angle, st.floats(0.2, np.pi - 0.2), arm, arm, arm, arm)
@settings(max_examples=200)
def test_outline_passes_through_all_endpoints(turn, between, a1, a2, c1, c2):
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([np.cos(turn + between), np.sin(turn + between)])
    points = np.array([a1 * along, -a2 * along, c1 * across, -c2 * across])
    polygon = pseudo_mask_polygon(points)
    for point in points:
        assert np.hypot(*(polygon - point).T).min() < 1e-6 * max(
            a1, a2, c1, c2
        )
    exact = np.pi / 4 * np.sin(between) * (a1 + a2) * (c1 + c2)
    assert area(polygon) == pytest.approx(exact, rel=0.002)


@given(angle, arm, arm, st.floats(-50, 50), st.floats(-50, 50))
@settings(max_examples=100)
def test_outline_moves_with_the_endpoints(turn, a, c, dx, dy):
    rotation = np.array(
        [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    )
    points = np.array([[-a, 0], [a, 0], [0, -c], [0, c]], dtype=float)
    moved = pseudo_mask_polygon(points @ rotation.T + [dx, dy])
    expected = pseudo_mask_polygon(points) @ rotation.T + [dx, dy]
    np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_many_at_once_are_those_of_each():
    apart = [[0, 0], [8, 0], [4, 3], [4, 9]]
    parallel = [[0, 0], [8, 0], [1, 0.5], [9, 0.5]]
    oblique = [[0, 0], [10, 0], [3, -4], [7, 4]]
    many = np.array([CROSS, apart, parallel, oblique])
    polygons = pseudo_mask_polygons(many)
    assert [len(p) for p in polygons] == [64, 3, 64, 64]
    for polygon, points in zip(polygons, many, strict=True):
        assert np.array_equal(polygon, pseudo_mask_polygon(points))


def test_the_wrong_one_of_many_is_named():
    flat = [[0, 0], [8, 0], [3, 0], [4, 0]]
    with pytest.raises(ValueError, match=r'diameters of lesion 1 must span'):
        pseudo_mask_polygons(np.array([CROSS, flat]))
    broken = np.array([CROSS, CROSS, CROSS])
    broken[2, 0, 0] = np.nan
    with pytest.raises(ValueError, match='of lesion 2 must be finite'):
        pseudo_mask_polygons(broken)


def test_half_a_pixel_makes_each_diameter_a_pixel_longer():
    grown = moved_endpoints(CROSS, 0.5)
    assert grown.tolist() == [[-0.5, 5], [20.5, 5], [10, -0.5], [10, 10.5]]
    # 3-4-5: 5 px outward are 3 along x and 4 along y.
    oblique = np.array([[0, 0], [6, 8], [6, 0], [0, 8]])
    assert moved_endpoints(oblique, 5).tolist() == [
        *([-3, -4], [9, 12]),
        *([9, -4], [-3, 12]),
    ]


def test_an_offset_goes_right_and_down():
    moved = moved_endpoints(CROSS, offset_px=(0.25, 0.75))
    assert (moved - CROSS).tolist() == [[0.25, 0.75]] * 4


def test_many_endpoints_at_once_move_as_each_does():
    many = np.array([CROSS, CROSS[[2, 3, 0, 1]] * 2])
    moved = moved_endpoints(many, 1.5, (0.5, -1))
    for one, points in zip(moved, many, strict=True):
        assert np.array_equal(one, moved_endpoints(points, 1.5, (0.5, -1)))


@pytest.mark.parametrize('shape', sorted(MASK_SHAPES))
def test_a_pseudo_mask_is_its_shape_of_the_moved_endpoints(shape):
    # By default the same bits as the shape itself.
    plain = PseudoMask(shape).polygon(CROSS)
    assert np.array_equal(plain, MASK_SHAPES[shape](CROSS))
    grown = PseudoMask(shape, 64, 0.5, [1, 2]).polygon(CROSS.reshape(-1))
    # 20 x 10 px become 21 x 11 px around (11, 7).
    low, high = grown.min(axis=0), grown.max(axis=0)
    np.testing.assert_allclose(low, [11 - 10.5, 7 - 5.5])
    np.testing.assert_allclose(high, [11 + 10.5, 7 + 5.5])
    exact = {
        'box': 21 * 11,
        'quadrilateral': 21 * 11 / 2,
        'ellipse': np.pi * 10.5 * 5.5,
        'quarter_ellipses': np.pi * 10.5 * 5.5,
    }
    assert area(grown) == pytest.approx(exact[shape], rel=2e-4)


def test_a_square_grown_by_half_a_pixel():
    # Diameters of 10 px: the box has 11 x 11 px instead of 10 x 10.
    square = np.array([[0, 5], [10, 5], [5, 0], [5, 10]])
    box = PseudoMask('box', grow_px=0.5).polygon(square)
    assert box.tolist() == [
        *([-0.5, -0.5], [10.5, -0.5]),
        *([10.5, 10.5], [-0.5, 10.5]),
    ]


def test_a_pseudo_mask_is_a_value():
    """A list of a config and a tuple are the same; a name is the paper's."""
    listed = PseudoMask(offset_px=[0.5, 0.5])
    assert listed == PseudoMask(offset_px=(0.5, 0.5))
    assert hash(listed) == hash(PseudoMask(offset_px=(0.5, 0.5)))
    assert PseudoMask.of('box') == PseudoMask('box', 16, 0.0, (0.0, 0.0))
    assert PseudoMask.of(listed) is listed
    # NumPy's numbers are numbers.
    assert PseudoMask(grow_px=np.float32(0.5)) == PseudoMask(grow_px=0.5)


@pytest.mark.parametrize(
    ('given', 'error', 'message'),
    [
        ({'shape': 'circle'}, ValueError, "one of .*'ellipse'.*'circle'"),
        ({'grow_px': '1'}, TypeError, "`grow_px` must be a number.*'1'"),
        ({'grow_px': True}, TypeError, '`grow_px` must be a number'),
        ({'grow_px': -0.1}, ValueError, '`grow_px` must be at least 0'),
        ({'grow_px': np.inf}, ValueError, '`grow_px` must be finite'),
        ({'offset_px': 0.5}, TypeError, 'two numbers x, y, but got 0.5'),
        ({'offset_px': (1, 2, 3)}, ValueError, 'two numbers x, y.*3: '),
        ({'offset_px': (1, 'a')}, TypeError, "`offset_px`.*number.*'a'"),
        ({'offset_px': (1, np.nan)}, ValueError, '`offset_px`.*finite'),
        ({'points_per_quarter': 0}, ValueError, 'must be at least 1'),
    ],
)
def test_a_pseudo_mask_refuses_wrong_numbers(given, error, message):
    with pytest.raises(error, match=message):
        PseudoMask(**given)


@given(
    angle,
    st.floats(0.2, np.pi - 0.2),
    *(arm, arm, arm, arm),
    st.floats(0, 5),
)
@settings(max_examples=100)
def test_growing_lengthens_diameters_and_keeps_where_they_cross(
    turn, between, a1, a2, c1, c2, grow
):
    u = np.array([np.cos(turn), np.sin(turn)])
    v = np.array([np.cos(turn + between), np.sin(turn + between)])
    points = np.array([-a1 * u, a2 * u, -c1 * v, c2 * v])
    grown = moved_endpoints(points, grow)
    np.testing.assert_allclose(
        diameters(grown), np.add(diameters(points), 2 * grow)
    )
    np.testing.assert_allclose(crossing_point(grown), [0, 0], atol=1e-6)
    # All four arms are longer, so the area is that of longer arms.
    exact = np.sin(between) * (a1 + a2 + 2 * grow) * (c1 + c2 + 2 * grow)
    polygon = pseudo_mask_polygon(grown)
    assert area(polygon) == pytest.approx(np.pi / 4 * exact, rel=0.002)
