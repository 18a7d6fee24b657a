import numpy as np
import pytest

from mmuldor.functional import hounsfield
from mmuldor.functional.hounsfield import (
    hu_to_stored,
    stored_to_hu,
    stored_to_hu16,
    window_hu,
)


def test_stored_to_hu_subtracts_32768():
    stored = np.array([[32768, 31744, 0, 65535]], dtype=np.uint16)
    hu = stored_to_hu(stored)
    assert hu.dtype == np.float32
    assert hu.tolist() == [[0, -1024, -32768, 32767]]


def test_every_stored_value_survives_the_round_trip():
    stored = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(hu_to_stored(stored_to_hu(stored)), stored)


def test_hu_to_stored_rounds_and_clips():
    assert hu_to_stored([-40000.0, 0.4, 0.6, 40000.0]).tolist() == [
        0,
        32768,
        32769,
        65535,
    ]


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.float32])
def test_other_dtypes_are_refused(dtype):
    with pytest.raises(TypeError, match='must be a uint16 array'):
        stored_to_hu(np.zeros((2, 2), dtype))


def test_window_is_linear_between_its_ends():
    grey = window_hu(
        np.array([-1100.0, -1024, 0, 1023.5, 3071, 4000]), -1024, 3071
    )
    expected = [0, 0, 255 * 1024 / 4095, 127.5, 255, 255]
    assert grey.dtype == np.float32
    np.testing.assert_allclose(grey, expected, atol=1e-4)


@pytest.mark.parametrize(('low', 'high'), [(1, 1), (2, 1), (np.nan, 1)])
def test_a_window_must_have_a_width(low, high):
    with pytest.raises(ValueError, match='from low to high'):
        window_hu(np.zeros(1), low, high)


def test_16_bits_hold_the_same_hu():
    stored = np.arange(65536, dtype=np.uint16)
    hu = stored_to_hu16(stored)
    assert hu.dtype == np.int16
    assert np.array_equal(hu, stored_to_hu(stored))
    with pytest.raises(TypeError, match='must be a uint16 array'):
        stored_to_hu16(hu)


@pytest.mark.parametrize('dtype', [np.int16, np.float32, np.float64])
def test_a_window_in_parts_and_in_place(monkeypatch, dtype):
    hu = np.random.default_rng(0).integers(-1100, 3200, (13, 7, 3))
    hu = hu.astype(dtype)
    whole = window_hu(hu, -1024, 3071)
    expected = np.clip((hu.astype(float) + 1024) / 4095 * 255, 0, 255)
    np.testing.assert_allclose(whole, expected, atol=1e-4)
    # Two rows at a time, one at the end.
    monkeypatch.setattr(hounsfield, '_BLOCK', 2 * 7 * 3)
    assert np.array_equal(window_hu(hu, -1024, 3071), whole)
    place = hu.astype(np.float32)
    assert window_hu(place, -1024, 3071, out=place) is place
    assert np.array_equal(place, whole)
    assert window_hu(np.zeros((0, 7, 3)), 0, 1).shape == (0, 7, 3)
    assert window_hu(dtype(1023.5), -1024, 3071).shape == ()


@pytest.mark.parametrize(
    ('stored', 'what'), [(np.zeros(2, np.int16), 'int16'), ([1], 'list')]
)
def test_what_is_no_stored_slice_is_named(stored, what):
    with pytest.raises(TypeError, match='stored') as caught:
        stored_to_hu(stored)
    assert str(caught.value) == (
        f'`stored` must be a uint16 array (HU + 32768), but got {what}. Read '
        'slices with `mmuldor.io.png.read_png16`.'
    )


def test_a_window_without_a_width_is_shown():
    with pytest.raises(ValueError, match='window') as caught:
        window_hu(np.zeros(1), 5, 5)
    assert str(caught.value) == (
        'a window must go from low to high HU, but got [5, 5].'
    )
