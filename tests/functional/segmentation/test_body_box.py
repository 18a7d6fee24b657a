"""The box around a body, by numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.segmentation.body_box import body_box


def slices(count=3, height=120, width=160):
    return np.full((height, width, count), -1000, np.float32)


def a_body(box=(40, 30, 100, 90), **kwargs):
    hu = slices(**kwargs)
    x1, y1, x2, y2 = box
    hu[y1:y2, x1:x2] = 40
    return hu


def test_a_body_and_its_margin():
    assert body_box(a_body(), (1, 1)) == (40, 30, 100, 90)
    assert body_box(a_body(), (1, 1), 10.0) == (30, 20, 110, 100)
    # 10 mm are 12.5 px across, of which 13 are kept, and 5 px down.
    assert body_box(a_body(), (0.8, 2.0), 10.0) == (27, 25, 113, 95)
    # No further than the slice.
    assert body_box(a_body(), (1, 1), 35.0) == (5, 0, 135, 120)


@pytest.mark.parametrize('dtype', [np.int16, np.float32, np.float64])
@pytest.mark.parametrize('count', [1, 3, 27])
def test_any_number_of_slices_of_any_type(dtype, count):
    hu = a_body(count=count).astype(dtype)
    assert body_box(hu, (1, 1)) == (40, 30, 100, 90)


def test_the_bodies_of_all_slices_are_inside():
    hu = a_body()
    hu[20:50, 110:130, 0] = 40
    assert body_box(hu, (1, 1)) == (40, 20, 130, 90)


def test_table_tubes_and_wires_are_no_body_and_arms_are():
    hu = a_body()
    # The shell of a table: two plates of 5 px, and foam between.
    hu[95:115] = -900
    hu[95:100] = hu[110:115] = -100
    # A wire across the slice, and a hot pixel.
    hu[:, 20:22], hu[3, 3] = 2000, 3000
    assert body_box(hu, (1, 1)) == (40, 30, 100, 90)
    # An arm of 20 px beside the body.
    hu[40:60, 120:140] = 20
    assert body_box(hu, (1, 1)) == (40, 30, 140, 90)


def test_what_is_thin_is_so_in_mm():
    """Plates of 5 px are 2 mm thick at 0.4 mm a pixel, and 10 mm at 2 mm."""
    hu = a_body()
    hu[100:105] = -100
    assert body_box(hu, (0.4, 0.4)) == (40, 30, 100, 90)
    assert body_box(hu, (2.0, 2.0)) == (0, 30, 160, 105)


def test_lungs_are_inside_their_walls():
    hu = a_body()
    hu[40:80, 50:90] = -850
    assert body_box(hu, (1, 1)) == (40, 30, 100, 90)


def test_a_field_of_view_inside_the_body_is_kept():
    hu = np.zeros((50, 60, 3), np.float32)
    assert body_box(hu, (1, 1)) == (0, 0, 60, 50)


@pytest.mark.parametrize('beyond', [-1024, -2000, -3024])
def test_beyond_the_circle_of_the_field_of_view_is_air(beyond):
    hu = a_body()
    y, x = np.mgrid[:120, :160]
    hu[(x - 80) ** 2 + (y - 60) ** 2 > 60**2] = beyond
    assert body_box(hu, (1, 1)) == (40, 30, 100, 90)


@pytest.mark.parametrize('hu', [-1000, -3024, -501])
def test_no_body(hu):
    assert body_box(np.full((50, 60, 3), hu, np.float32), (1, 1), 5) is None


@given(
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.tuples(st.integers(9, 60), st.integers(9, 60)),
    st.floats(0, 40),
)
def test_a_body_is_never_cut(corner, size, margin):
    (x, y), (width, height) = corner, size
    hu = slices(1)
    hu[y : y + height, x : x + width] = 0
    x1, y1, x2, y2 = body_box(hu, (1, 1), margin)
    assert 0 <= x1 <= x
    assert 0 <= y1 <= y
    assert min(x + width, 160) <= x2 <= 160
    assert min(y + height, 120) <= y2 <= 120
