"""The shapes of masks other than ULDor's, by hand."""

import numpy as np
import pytest

from mmuldor.functional.recist import (
    MASK_SHAPES,
    box_polygon,
    ellipse_polygon,
    quadrilateral_polygon,
)

# A cross: 20 px along x, 10 px along y, meeting in its middle (10, 5).
CROSS = np.array([[0, 5], [20, 5], [10, 0], [10, 10]], dtype=float)


def test_the_ellipse_lies_on_the_long_diameter():
    # The short one crosses at x = 4; the ellipse is centred at (10, 5).
    points = np.array([[0, 5], [20, 5], [4, 1], [4, 7]], dtype=float)
    for endpoints in (points, points[[2, 3, 0, 1]]):
        outline = ellipse_polygon(endpoints, 4)
        assert outline.min(axis=0) == pytest.approx([0, 2])
        assert outline.max(axis=0) == pytest.approx([20, 8])
        assert (((outline - [10, 5]) / [10, 3]) ** 2).sum(
            axis=1
        ) == pytest.approx(np.ones(4 * 4))


def test_an_oblique_ellipse():
    # 10 px along (0.6, 0.8) and 4 across, around (3, 4).
    points = [[0, 0], [6, 8], [4.6, 2.8], [1.4, 5.2]]
    outline = ellipse_polygon(np.array(points), 2) - [3, 4]
    along, across = outline @ [0.6, 0.8], outline @ [-0.8, 0.6]
    assert (along / 5) ** 2 + (across / 2) ** 2 == pytest.approx(np.ones(8))


def test_the_box_and_its_corners():
    points = np.array([[0, 5], [20, 5], [4, 1], [4, 7]], dtype=float)
    assert box_polygon(points).tolist() == [[0, 1], [20, 1], [20, 7], [0, 7]]
    corners = quadrilateral_polygon(points).tolist()
    assert sorted(corners) == sorted(points.tolist())


@pytest.mark.parametrize('shape', ['quarter_ellipses', 'ellipse'])
def test_a_quarter_has_16_points_unless_asked_otherwise(shape):
    assert len(MASK_SHAPES[shape](CROSS)) == 64
    assert len(MASK_SHAPES[shape](CROSS, 1)) == 4
    for value, error, text in (
        (0, ValueError, 'at least 1, but got 0.'),
        (2.0, TypeError, 'an int, but got 2.0.'),
        (True, TypeError, 'an int, but got True.'),
    ):
        with pytest.raises(error) as caught:
            MASK_SHAPES[shape](CROSS, value)
        assert str(caught.value) == f'`points_per_quarter` must be {text}'
    assert len(MASK_SHAPES[shape](CROSS, np.int64(2))) == 8
