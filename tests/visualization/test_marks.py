"""Every drawn thing lies where its coordinates say, to a part of a pixel.

A picture of ``scale`` output pixels a pixel shows the centre of pixel x at
``scale * (x + 0.5) - 0.5``.
"""

import numpy as np
import pytest

from mmuldor.visualization.marks import (
    ENDPOINT,
    draw_box,
    draw_diameters,
    draw_region,
    full_bleed_axes,
    new_figure,
    render,
    show_slice,
)
from mmuldor.visualization.panels import PanelGrid

SCALE = 5
BLACK = np.zeros((24, 32, 3), np.uint8)


def at(value):
    return SCALE * (value + 0.5) - 0.5


@pytest.fixture
def drawn():
    """Draws on a black slice; returns pixels in [0, 1], (120, 160, 3)."""

    def draw(function, *args, picture=BLACK, **kwargs):
        height, width = (SCALE * side for side in picture.shape[:2])
        fig = new_figure(width, height)
        ax = full_bleed_axes(fig, 0, 0, width, height)
        show_slice(ax, picture)
        if function:
            function(ax, *args, **kwargs)
        pixels = render(fig)
        assert pixels.shape == (height, width, 3)
        return pixels / 255

    return draw


def centroid(weight):
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]]
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@pytest.mark.parametrize('pixel', [(10, 7), (3, 3), (25, 19)])
def test_upscaled_slice(drawn, pixel):
    picture = BLACK.copy()
    picture[pixel[1], pixel[0]] = 255
    x, y = centroid(drawn(None, picture=picture)[..., 0])
    assert x == pytest.approx(at(pixel[0]), abs=0.1)
    assert y == pytest.approx(at(pixel[1]), abs=0.1)


@pytest.mark.parametrize('shift', [0.0, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize('dashed', [False, True])
def test_box(drawn, shift, dashed):
    x1, y1, w, h = 6 + shift, 5 - shift, 12.0, 9.5
    green = drawn(draw_box, [x1, y1, w, h], '#00ff00', dashed=dashed)[..., 1]
    # Away from the corners, each side alone.
    rows = slice(int(at(y1 + 2)), int(at(y1 + h - 2)))
    columns = slice(int(at(x1 + 2)), int(at(x1 + w - 2)))
    middle_x, middle_y = int(at(x1 + w / 2)), int(at(y1 + h / 2))
    sides = [
        (centroid(green[rows, :middle_x])[0], at(x1)),
        (centroid(green[rows, middle_x:])[0] + middle_x, at(x1 + w)),
        (centroid(green[:middle_y, columns])[1], at(y1)),
        (centroid(green[middle_y:, columns])[1] + middle_y, at(y1 + h)),
    ]
    for found, expected in sides:
        assert found == pytest.approx(expected, abs=0.12)


def test_region_area_and_place(drawn):
    square = np.array([[8.0, 6], [20, 6], [20, 14], [8, 14]])
    blue = drawn(draw_region, [square], '#0000ff', fill=1, width=0)[..., 2]
    assert blue.sum() == pytest.approx(12 * 8 * SCALE**2, rel=0.005)
    x, y = centroid(blue)
    assert (x, y) == pytest.approx((at(14), at(10)), abs=0.05)


def test_hole_that_runs_the_other_way_stays_free(drawn):
    outer = np.array([[4.0, 4], [20, 4], [20, 20], [4, 20]])
    hole = np.array([[8.0, 8], [8, 16], [16, 16], [16, 8]])
    blue = drawn(draw_region, [outer, hole], '#0000ff', fill=1, width=0)
    assert blue[int(at(12)), int(at(12)), 2] == 0
    assert blue[int(at(6)), int(at(6)), 2] == 1


def test_flat_polygons_and_none(drawn):
    flat = [8, 6, 20, 6, 20, 14, 8, 14]
    pair = np.reshape(flat, (4, 2))
    one = drawn(draw_region, [flat], '#0000ff')
    np.testing.assert_array_equal(one, drawn(draw_region, [pair], '#0000ff'))
    assert drawn(draw_region, [], '#0000ff').max() == 0


def test_endpoints_lie_on_the_recist_points(drawn):
    recist = [4, 12, 28, 12, 16.3, 4, 16.3, 20]
    pixels = drawn(draw_diameters, recist, width=0.01, dot=4)
    red = np.clip(pixels[..., 0] - pixels[..., 1], 0, 1)
    for x, y in np.reshape(recist, (4, 2)):
        left, top = int(at(x)) - 6, int(at(y)) - 6
        found = centroid(red[top : top + 13, left : left + 13])
        assert found[0] + left == pytest.approx(at(x), abs=0.15)
        assert found[1] + top == pytest.approx(at(y), abs=0.15)
    assert ENDPOINT.startswith('#ff')


def test_drawing_does_not_move_the_view(drawn):
    pixels = drawn(draw_box, [-50, -50, 200, 200], '#00ff00')
    assert pixels.max() == 0


@pytest.mark.parametrize(('row', 'column'), [(0, 0), (1, 2)])
def test_panel_of_a_grid_shows_its_view(row, column):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[30, 40] = 255
    grid = PanelGrid(2, 3, 100, titles=['a', 'b', 'c'])
    grid.add(row, column, picture, (34.5, 19.5, 54.5, 39.5))
    pixels = render(grid.fig)[..., 0].astype(float)
    left = grid.gap + column * (100 + grid.gap)
    top = grid.head + grid.gap + row * (100 + grid.caption + grid.gap)
    panel = pixels[top : top + 100, left : left + 100]
    x, y = centroid(np.where(panel > 40, panel, 0))
    # 20 pixels on 100: five output pixels each. Matplotlib 3.10 places the
    # picture to a third of an output pixel, 0.07 px of the slice.
    assert x == pytest.approx(5 * (40 - 34.5) - 0.5, abs=0.35)
    assert y == pytest.approx(5 * (30 - 19.5) - 0.5, abs=0.35)
