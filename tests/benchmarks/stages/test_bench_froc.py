"""FROC in loops is timed only where it gives the FROC of arrays."""

import numpy as np
import pytest

from benchmarks.inputs import synthetic_detections, synthetic_truth
from benchmarks.stages import bench_froc


@pytest.fixture
def split():
    truth = synthetic_truth(60)
    return truth, synthetic_detections(truth, 900)


@pytest.mark.parametrize('loops', ['in_loops', 'in_lean_loops'])
def test_loops_give_the_froc_of_arrays(split, loops):
    ours = bench_froc.evaluate_slices(*split).summary.sensitivity
    assert 0 < ours[0] < ours[-1] <= 1
    np.testing.assert_allclose(getattr(bench_froc, loops)(*split), ours)


def test_another_froc_is_not_timed(split, monkeypatch):
    monkeypatch.setattr(bench_froc, 'in_loops', lambda *_: [0.5] * 7)
    with pytest.raises(AssertionError):
        bench_froc.check(*split, 'synthetic')


def test_n_log_n_grows_by_one():
    few, many = bench_froc.LARGE
    seconds = {'few': [1.0, 2.0, 4.0]}
    seconds['many'] = [many * np.log(many) / (few * np.log(few))] * 3
    low, middle, high = bench_froc.beyond_n_log_n(seconds)
    assert (low, middle, high) == pytest.approx((1 / 4, 1 / 2, 1))


def test_user_time_is_that_of_code():
    numbers = np.random.default_rng(0).random(10**6)
    assert 0 < bench_froc.user_seconds(lambda: np.sort(numbers)) < 5
