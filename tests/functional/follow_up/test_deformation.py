"""Displacement fields."""

import numpy as np
import pytest

from mmuldor.functional.follow_up.deformation import (
    depth_inside,
    grid_points,
    invert_at,
    jacobians,
    moved,
    sample_field,
    sample_volume,
    to_index,
)

AFFINE = np.array(
    [[2.0, 0, 0, 10], [0, 3.0, 0, 20], [0, 0, 4.0, 30], [0, 0, 0, 1]]
)


def field_of(function, shape=(6, 7, 8)):
    return function(grid_points(shape, AFFINE)).astype(np.float32)


def test_index_and_back():
    points = np.array([[12.0, 26, 42]])
    assert to_index(points, AFFINE).tolist() == [[1, 2, 3]]
    assert moved(np.array([[1.0, 2, 3]]), AFFINE).tolist() == points.tolist()


def test_grid_points():
    points = grid_points((2, 3, 4), AFFINE)
    assert points.shape == (2, 3, 4, 3)
    assert points[1, 2, 3].tolist() == [16, 26, 34]


def test_sampling_a_linear_field_is_exact():
    field = field_of(lambda p: 0.1 * p)
    points = np.array([[11.0, 21, 31], [23.9, 37.5, 49.9]])
    found = sample_field(field, AFFINE, points)
    np.testing.assert_allclose(found, 0.1 * points, rtol=1e-5)
    # Beyond the grid, its border's: x ends at 24 mm.
    beyond = sample_field(field, AFFINE, np.array([[100.0, 30, 40]]))
    np.testing.assert_allclose(beyond, [[2.4, 3, 4]], rtol=1e-5)


def test_inversion():
    field = field_of(lambda p: 0.2 * np.sin(p / 9))
    points = np.array([[15.0, 28, 40]])
    there = points + sample_field(field, AFFINE, points)
    np.testing.assert_allclose(
        invert_at(field, AFFINE, there), points, atol=1e-6
    )


def test_jacobians():
    assert jacobians(field_of(np.zeros_like), AFFINE) == pytest.approx(1)
    # Each axis grows by a tenth: 1.1 cubed.
    assert jacobians(field_of(lambda p: 0.1 * p), AFFINE) == pytest.approx(
        1.331, abs=1e-3
    )
    # x is mirrored.
    folded = field_of(lambda p: p * [-2, 0, 0])
    assert jacobians(folded, AFFINE) == pytest.approx(-1, abs=1e-3)
    flat = np.zeros((1, 7, 8, 3), dtype=np.float32)
    assert (jacobians(flat, AFFINE) == 1).all()


def test_sampling_a_volume():
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    points = np.array([[10.0, 20, 30], [11, 20, 30], [0, 20, 30]])
    found, seen = sample_volume(values, AFFINE, points)
    assert found[:2].tolist() == [0, 0.5]
    assert seen.tolist() == [True, True, False]


def test_depth():
    # 4 columns of 2 mm, 3 rows of 3 mm, 2 slices of 4 mm.
    indices = np.array([[1.5, 1, 0.5], [-0.5, 1, 0.5], [1.5, 1, 3], [1, 1, 1]])
    found = depth_inside(indices, (2, 3, 4), AFFINE)
    assert found.tolist() == [4, 0, -6, 2]
