import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mmuldor.functional.frame import from_detector, to_detector

# What pixel coordinates and their halves, quarters and eighths can be.
eighths = st.integers(-(2**20), 2**20).map(lambda number: number / 8)
shapes = st.sampled_from([(0, 4), (1, 4), (3, 4), (4, 2), (8,), ()])


def test_the_first_pixels_centre_lies_half_a_pixel_from_its_edge():
    assert to_detector([0, 0]).tolist() == [0.5, 0.5]
    assert from_detector([0.5, 0.5]).tolist() == [0, 0]


@given(shapes.flatmap(lambda shape: arrays(float, shape, elements=eighths)))
def test_there_and_back_is_the_same_to_the_bit(xy):
    for way, back in (
        (to_detector, from_detector),
        (from_detector, to_detector),
    ):
        again = back(way(xy))
        assert again.shape == xy.shape
        assert np.array_equal(again, xy)


def test_other_types_become_float64_and_stay_as_they_were():
    xy = np.array([[3, 4]], dtype=np.float32)
    assert to_detector(xy).dtype == from_detector(xy).dtype == np.float64
    assert to_detector([1, 2]).dtype == np.float64
    assert xy.tolist() == [[3, 4]]
