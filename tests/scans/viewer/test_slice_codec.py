"""Slices for a page: what comes back, and how much room they take."""

import zlib

import numpy as np
import pytest

from mmuldor.scans.viewer.slice_codec import (
    ReducedGrid,
    choose_grid,
    encode_slice,
    reduce_slice,
)


def decode(data, rows, columns):
    """The median edge detector, one pixel after the other."""
    low, high = np.frombuffer(zlib.decompress(data), np.uint8).reshape(2, -1)
    folded = (low + 256 * high.astype(int)).reshape(rows, columns)
    values = np.zeros((rows, columns), dtype=int)
    for i in range(rows):
        for j in range(columns):
            a = values[i, j - 1] if j else 0
            b = values[i - 1, j] if i else 0
            guess = a + b
            if i and j:
                c = values[i - 1, j - 1]
                guess = sorted([a, b, a + b - c])[1]
            half, odd = divmod(folded[i, j], 2)
            values[i, j] = guess + (-half - 1 if odd else half)
    return values


@pytest.mark.parametrize('shape', [(1, 1), (1, 5), (5, 1), (9, 13)])
def test_nothing_is_lost(shape):
    rng = np.random.default_rng(0)
    for steps in (
        rng.integers(0, 4096, shape, dtype=np.uint16),
        np.where(rng.random(shape) < 0.5, 0, 4095).astype(np.uint16),
    ):
        assert np.array_equal(decode(encode_slice(steps), *shape), steps)


def test_steps_of_hu():
    hu = np.array([[-3024, -1024, -1023, 0], [40, 41, 3071, 9000]], np.int16)
    shown = np.clip(hu, -1024, 3071)
    assert np.array_equal(reduce_slice(hu, ReducedGrid(2, 4, 1)), shown + 1024)
    coarse = reduce_slice(hu, ReducedGrid(2, 4, 4)).astype(int) * 4 - 1024
    assert np.abs(coarse - shown).max() <= 2
    assert coarse[0, 3] == 0


def test_pixels_are_averaged_over_their_area():
    hu = np.arange(32, dtype=np.int16).reshape(4, 8) * 10
    means = hu.reshape(2, 2, 4, 2).mean(axis=(1, 3))
    assert reduce_slice(hu, ReducedGrid(2, 4, 1)) - 1024 == pytest.approx(
        means
    )


def test_as_fine_as_there_is_room_for():
    rng = np.random.default_rng(0)
    hu = rng.normal(0, 30, (30, 64, 96)).astype(np.int16)
    assert choose_grid(hu, 1e9) == ReducedGrid(64, 96, 1)
    sizes = []
    for share in (1.0, 0.8, 0.5, 0.3, 0.15):
        room = share * hu.size
        grid = choose_grid(hu, room)
        assert grid.columns * 2 == grid.rows * 3
        taken = sum(len(encode_slice(reduce_slice(p, grid))) for p in hu)
        # Noise is what takes the most; the sample foretells it well.
        assert taken * 4 / 3 <= room * 1.02
        sizes.append(taken)
    assert sizes == sorted(sizes, reverse=True)
    assert choose_grid(hu, 1) == ReducedGrid(16, 24, 4)


def test_real_slices_take_less_than_two_bytes_in_a_png(real_data):
    import cv2

    from mmuldor.scans.nifti import read_nifti

    volume, _ = read_nifti(real_data / 'nifti/example_ct_sm.nii.gz')
    ours = theirs = 0
    for plane in volume.hu:
        steps = reduce_slice(plane, ReducedGrid(*plane.shape, 1))
        ours += len(encode_slice(steps))
        pair = np.stack([steps & 255, steps >> 8, steps * 0], axis=-1)
        theirs += len(cv2.imencode('.png', pair.astype(np.uint8))[1])
    assert ours < 0.8 * theirs
