import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.visualization.marks import new_figure
from mmuldor.visualization.panels import save_figure, square_view


def test_view_holds_the_box_with_its_margin():
    view = square_view([[40, 50, 20, 10]], (128, 128), margin=0.5)
    assert view == (30, 35, 70, 75)


def test_view_is_moved_into_the_image():
    view = square_view([[0, 100, 10, 10]], (128, 128), margin=1)
    assert view == (-0.5, 90, 29.5, 120)


def test_view_of_a_wide_image_is_no_larger_than_it():
    view = square_view([[0, 0, 90, 40]], (50, 100), margin=1)
    assert view == (-0.5, -25.5, 99.5, 74.5)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 80), st.floats(0, 80),
            st.floats(1, 20), st.floats(1, 20),
        ),
        min_size=1, max_size=4,
    ),
    st.floats(0, 200),
)  # fmt: skip
def test_view_is_square_inside_and_holds_every_box(boxes, least):
    x1, y1, x2, y2 = square_view(boxes, (101, 101), min_side=least)
    assert x2 - x1 == pytest.approx(y2 - y1)
    assert min(x1, y1) >= -0.5
    assert max(x2, y2) <= 100.5 + 1e-9
    for x, y, w, h in boxes:
        assert x1 <= x + 1e-9
        assert y1 <= y + 1e-9
        assert x + w <= x2 + 1e-9
        assert y + h <= y2 + 1e-9


@pytest.mark.parametrize('suffix', ['.png', '.svg', '.pdf'])
def test_a_figure_is_saved_the_same_twice(tmp_path, suffix):
    for name in ('one', 'two'):
        fig = new_figure(64, 48)
        fig.text(0.1, 0.5, 'text')
        save_figure(fig, tmp_path / f'{name}{suffix}')
    one, two = (tmp_path / f'{n}{suffix}' for n in ('one', 'two'))
    assert one.read_bytes() == two.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_an_unknown_format_leaves_the_old_file(tmp_path):
    path = tmp_path / 'figure.xyz'
    path.write_text('old')
    with pytest.raises(ValueError, match='xyz'):
        save_figure(new_figure(8, 8), path)
    assert path.read_text() == 'old'
    assert np.size(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize('suffix', ['.png', '.svg', '.pdf'])
def test_a_name_that_is_no_utf8_is_drawn_as_escape(tmp_path, suffix):
    for name, text in (('a', os.fsdecode(b'caf\xe9')), ('b', 'caf\\xe9')):
        fig = new_figure(64, 32, 'white')
        fig.text(0.1, 0.5, text)
        save_figure(fig, tmp_path / (name + suffix))
    one, two = (tmp_path / (name + suffix) for name in 'ab')
    assert one.read_bytes() == two.read_bytes()
