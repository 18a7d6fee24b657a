"""RECIST diameters on shapes whose diameters are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.phantom.lesions import diameters as measure
from data_prep.phantom.lesions.diameters import measure_recist, to_csv_order


@pytest.fixture
def steady(monkeypatch):
    """A hand without tremor that takes the longest and the widest line."""
    monkeypatch.setattr(measure, 'JITTER_PX', 0.0)
    monkeypatch.setattr(measure, 'SLACK_LONG', 1.0)
    monkeypatch.setattr(measure, 'SLACK_SHORT', 1.0)
    monkeypatch.setattr(measure, 'SKEW_DEG', (0.0,) * 8)


def ellipse(half_x, half_y, turn=0.0, centre=(60, 50), size=121):
    y, x = np.mgrid[:size, :size].astype(float)
    x, y = x - centre[0], y - centre[1]
    u = np.cos(turn) * x + np.sin(turn) * y
    v = np.cos(turn) * y - np.sin(turn) * x
    return (u / half_x) ** 2 + (v / half_y) ** 2 <= 1


def lengths(points):
    return np.linalg.norm(points[1::2] - points[::2], axis=1)


def test_a_bar_of_21_by_9_pixels(steady):
    mask = np.zeros((40, 40), bool)
    mask[10:19, 8:29] = True
    points = measure_recist(mask, np.random.default_rng(0))
    # The diagonal between the centres of the corner pixels, and half a
    # pixel at both ends.
    assert lengths(points)[0] == pytest.approx(np.hypot(20, 8) + 1)
    # Across it a line ends on the long sides: 8 px apart, seen at an angle.
    slope = np.arctan2(8, 20)
    assert lengths(points)[1] == pytest.approx(8 / np.cos(slope) + 1)


def test_an_ellipse_has_its_axes(steady):
    points = measure_recist(ellipse(30, 15), np.random.default_rng(0))
    assert lengths(points) == pytest.approx([60.8, 30.8], abs=0.8)
    assert points.mean(0) == pytest.approx([60, 50], abs=0.6)


@settings(max_examples=40)
@given(
    st.floats(5, 40), st.floats(0.35, 1.0), st.floats(0, 3.14),
    st.integers(0, 1000),
)  # fmt: skip
def test_diameters_stay_close_to_the_truth(half, ratio, turn, seed):
    mask = ellipse(half, half * ratio, turn)
    points = measure_recist(mask, np.random.default_rng(seed))
    if points is None:
        # A trembling hand may miss a sliver.
        assert 2 * half * ratio < 5
        return
    long_px, short_px = lengths(points)
    assert 1.9 * half - 3 < long_px < 2.06 * half + 4
    assert short_px < long_px + 4
    # A short diameter off the centre is shorter than the axis.
    assert 0.7 * 2 * half * ratio - 4 < short_px < 2.3 * half * ratio + 5
    ways = points[1::2] - points[::2]
    cosine = abs(ways[0] @ ways[1]) / (long_px * short_px)
    assert np.degrees(np.arccos(cosine)) > 65
    # The two cross.
    low, high = points[:2].min(0) - 2, points[:2].max(0) + 2
    middle = points[2:].mean(0)
    assert (middle > low - short_px).all()
    assert (middle < high + short_px).all()


def test_only_slivers_have_no_diameters():
    found = [
        measure_recist(ellipse(6, 3, seed / 50), np.random.default_rng(seed))
        for seed in range(150)
    ]
    assert all(points is not None for points in found)


def test_too_small_a_mask_has_no_diameters():
    mask = np.zeros((9, 9), bool)
    assert measure_recist(mask, np.random.default_rng(0)) is None
    mask[4, 4] = True
    assert measure_recist(mask, np.random.default_rng(0)) is None


def test_the_longer_comes_first_in_nearly_all_rows():
    points = np.array([[0, 0], [20, 0], [9, -4], [9, 5.0]])
    rng = np.random.default_rng(1)
    orders = [lengths(to_csv_order(points, rng)) for _ in range(2000)]
    first_longer = np.mean([a > b for a, b in orders])
    assert 0.985 < first_longer < 1.0
    assert {tuple(sorted(order)) for order in orders} == {(9.0, 20.0)}
