import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.fusion.mask_votes import voted_runs


def vote(*masks, weights):
    runs = [np.array(runs) for runs in masks]
    return voted_runs(runs, np.array(weights, dtype=float)).tolist()


def test_the_half_by_weight_by_hand():
    """Ten pixels: A has 2 to 5, B 4 to 7, C 5 to 8."""
    a, b, c = [2, 4, 4], [4, 4, 2], [5, 4, 1]
    assert vote(a, b, c, weights=[1, 1, 1]) == [4, 4, 2]
    # Of A alone, half of the weight.
    assert vote(a, b, c, weights=[2, 1, 1]) == [2, 6, 2]
    assert vote(a, b, weights=[3, 2]) == a
    assert vote(a, b, weights=[0.3, 0.3]) == [2, 6, 2]
    assert vote(a, b, weights=[0, 0]) == [2, 6, 2]


def test_masks_that_touch_the_first_and_the_last_pixel():
    assert vote([0, 3, 2], [0, 5], weights=[1, 1]) == [0, 5]
    assert vote([0, 5], [1, 4], [1, 4], weights=[1, 1, 1]) == [1, 4]
    # No pixel has a majority, or no mask has one.
    assert vote([0, 1, 4], [2, 1, 2], [4, 1], weights=[1, 1, 1]) == [5]
    assert vote([5], [5], weights=[1, 1]) == [5]


def runs_of(mask):
    """Lengths of runs, one pixel after another."""
    runs, value = [0], False
    for pixel in mask.tolist():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    return np.array(runs)


@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 30))
def test_runs_equal_pixels(seed, count, size):
    rng = np.random.default_rng(seed)
    masks = rng.random((count, size)) < 0.5
    weights = rng.integers(1, 5, count) / 10
    share = (masks * weights[:, None]).sum(axis=0)
    expected = share >= weights.sum() / 2 - 1e-9
    found = voted_runs([runs_of(mask) for mask in masks], weights)
    assert found.tolist() == runs_of(expected).tolist()
    assert found.sum() == size


def test_one_mask_stays():
    assert vote([1, 2, 3], weights=[0.1]) == [1, 2, 3]
    with pytest.raises(ValueError, match='argument'):
        vote([1, 2], [1, 2], weights=[1])
