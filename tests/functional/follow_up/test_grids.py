"""Coarse grids, the body and its profiles."""

import numpy as np
import pytest

from mmuldor.functional.follow_up.grids import (
    block_affine,
    block_factors,
    block_mean,
    body_mask,
    shown_mask,
    slice_profiles,
)


def test_block_factors():
    assert block_factors((0.8, 0.8, 5.0), 4.0) == (5, 5, 1)
    assert block_factors((9.0, 1.9, 1.0), 4.0) == (1, 2, 4)


def test_block_mean():
    hu = np.arange(2 * 4 * 6, dtype=np.int16).reshape(2, 4, 6)
    found = block_mean(hu, (3, 2, 2))
    assert found.shape == (1, 2, 2)
    # 0 1 2, 6 7 8 and the same 24 later: a mean of 16.
    assert found[0, 0, 0] == 16
    # The incomplete block at the end of 6 columns is left out.
    assert block_mean(hu, (4, 1, 1)).shape == (2, 4, 1)
    # A block is at most the volume.
    assert block_mean(hu, (1, 1, 5)).shape == (1, 4, 6)


def test_block_affine():
    affine = np.diag([1.0, 2, 3, 1])
    affine[:3, 3] = 10, 20, 30
    found = block_affine(affine, (3, 2, 1), (1, 2, 3))
    assert np.diag(found).tolist() == [3, 4, 3, 1]
    # The middle of 3 voxels of 1 mm, of 2 of 2 mm, of one.
    assert found[:3, 3].tolist() == [11, 21, 30]
    # A block is at most the volume.
    assert np.array_equal(block_affine(affine, (5, 2, 4), (1, 2, 3)), found)


def ball_and_table():
    """A body of 15 x 15 voxels of 4 mm with gas inside, over a table."""
    hu = np.full((4, 30, 30), -1000.0)
    hu[:, 5:20, 5:20] = 50
    hu[:, 10:12, 10:12] = -900
    hu[:, 25, 2:28] = 300
    return hu


def test_body_mask():
    body = body_mask(ball_and_table(), (4.0, 4.0, 4.0))
    expected = np.zeros((4, 30, 30), dtype=bool)
    expected[:, 5:20, 5:20] = True
    assert np.array_equal(body, expected)
    assert not body_mask(np.full((2, 9, 9), -1000.0), (4.0, 4.0, 4.0)).any()


def test_what_the_scanner_measured():
    y, x = np.mgrid[:40, :40] - 19.5
    hu = np.full((2, 40, 40), -1000.0)
    hu[0] += np.arange(40)
    assert shown_mask(hu).all()
    hu[:, np.hypot(x, y) > 20] = -1024
    shown = shown_mask(hu)
    assert shown[20, 1:-1].all()
    assert not shown[:5, :5].any()
    # A circle of radius 20 px, less a rim of one pixel: 361 pi px.
    assert shown.sum() == pytest.approx(361 * np.pi, rel=0.03)


def test_slice_profiles():
    hu = ball_and_table()
    hu[1, 6:8, 6:8] = 500
    found = slice_profiles(hu, body_mask(hu, (4.0, 4.0, 4.0)), 16.0)
    # 225 pixels of 16 mm2 are 36 cm2, 4 pixels 0.64 cm2.
    assert found[0] == pytest.approx([36, 0.64, 0])
    assert found[1] == pytest.approx([36, 0.64, 0.64])
