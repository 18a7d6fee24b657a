import itertools

import numpy as np
import pytest

from mmuldor.visualization.labels import LabelPlacer
from mmuldor.visualization.marks import (
    full_bleed_axes,
    new_figure,
    render,
    show_slice,
)


@pytest.fixture
def axes():
    fig = new_figure(400, 400)
    ax = full_bleed_axes(fig, 0, 0, 400, 400)
    show_slice(ax, np.zeros((100, 100, 3), np.uint8))
    return ax


def extents(ax):
    """Boxes of the written texts in output pixels."""
    render(ax.figure)
    return [text.get_window_extent() for text in ax.texts]


def test_labels_of_one_box_do_not_overlap(axes):
    labels = LabelPlacer(axes, 14)
    labels.block([40, 40, 20, 20])
    for _ in range(5):
        labels.place([40, 40, 20, 20], '0.87', '#ffff00')
    found = extents(axes)
    assert len(found) == 5
    for one, two in itertools.combinations(found, 2):
        assert not one.overlaps(two)


@pytest.mark.parametrize(
    'bbox', [[-5, -5, 10, 10], [95, 95, 20, 20], [0, 0, 99, 99], [98, 2, 1, 1]]
)
def test_a_label_stays_inside_the_picture(axes, bbox):
    LabelPlacer(axes, 14).place(bbox, '0.99/0.12', '#ffff00')
    (box,) = extents(axes)
    assert min(box.x0, box.y0) >= -1
    assert max(box.x1, box.y1) <= 401


def test_a_label_is_no_formula(axes):
    LabelPlacer(axes).place([10, 10, 5, 5], '$x_1$', '#ffff00')
    assert axes.texts[0].get_parse_math() is False
