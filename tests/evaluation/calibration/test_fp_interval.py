"""Intervals of false positives per volume."""

import numpy as np
import pytest

from mmuldor.evaluation.calibration.fp_interval import (
    RateInterval,
    rate_interval,
    volumes_needed,
)


def test_volumes_of_equal_counts_vary_as_poisson_does():
    # Nine volumes with four each: no spread, so variance 1 / 36, and t of
    # eight degrees of freedom, 2.306: x = 2.306 * sqrt(2 / 36) = 0.54353.
    low, high = rate_interval(np.full(9, 4), np.arange(9))
    assert low == pytest.approx(4 * (1 - 0.54353 / 2) ** 2, rel=1e-4)
    assert high == pytest.approx(4 * np.exp(0.54353), rel=1e-4)


def test_volumes_that_differ_have_a_wider_interval():
    # Eight volumes, 1 or 7: mean 4, spread 8 * 9 * 8 / 7, of the squared sum
    # 1024 0.0804; t 2.3646: x = 2.3646 * sqrt(0.16071) = 0.94794.
    low, high = rate_interval(np.array([1, 7] * 4), np.arange(8))
    assert low == pytest.approx(4 * (1 - 0.94794 / 2) ** 2, rel=1e-4)
    assert high == pytest.approx(4 * np.exp(0.94794), rel=1e-4)


def test_patients_are_what_varies():
    fps, patients = np.array([1, 7] * 20), np.arange(40)
    apart = rate_interval(fps, patients)
    # The same volumes, but the high ones belong to few patients.
    together = rate_interval(np.sort(fps), patients // 4)
    assert together.width(4) > 1.5 * apart.width(4)


def test_no_false_positive_seen():
    # 2 ** -6 < 0.025: of 20 other volumes, at most five have one.
    assert rate_interval(np.zeros(20), np.arange(20)) == (0, 0.25)


def test_few_patients_say_nothing():
    assert rate_interval(np.array([3, 4, 5, 6]), np.arange(4)) is None
    assert rate_interval(np.array([3, 4, 5, 6, 7]), np.arange(5)) is not None


def test_width_is_that_of_the_longer_side():
    assert RateInterval(2.0, 6.0).width(4) == 0.5
    assert RateInterval(1.0, 5.0).width(4) == 0.75
    assert RateInterval(0.0, 1.0).width(0) == np.inf


def test_volumes_needed():
    # From exp(0.6) to 1.35: (0.6 / 0.3001) ** 2 is four times as many.
    interval = RateInterval(2.0, 4 * np.exp(0.6))
    assert volumes_needed(interval, 4.0, 60) == 240


@pytest.mark.parametrize('spread', [0.0, 0.3, 0.7])
@pytest.mark.parametrize('volumes', [30, 80])
def test_other_volumes_lie_in_it(spread, volumes):
    """Coverage on simulated patients, the threshold chosen on the first."""
    rng = np.random.default_rng(int(10 * spread) + volumes)
    inside, runs = 0, 400
    for _ in range(runs):
        (patients, seen), (_, new) = (
            _scores(rng, volumes, spread) for _ in range(2)
        )
        highest = np.sort(np.concatenate(seen))[::-1]
        threshold = highest[4 * volumes - 1]
        fps = [np.count_nonzero(part >= threshold) for part in seen]
        low, high = rate_interval(np.array(fps), patients)
        rate = np.mean([np.count_nonzero(p >= threshold) for p in new])
        inside += low <= rate <= high
    # The standard error of 0.95 in 400 runs is 0.011.
    assert 0.92 <= inside / runs <= 0.985


def _scores(rng, volumes, spread):
    """Scores of false positives, 20 a volume; `spread` between patients."""
    patients = np.arange(volumes) * 4 // 5
    share = rng.gamma(1 / spread**2, spread**2, volumes) if spread else None
    means = np.full(volumes, 20.0) if share is None else 20 * share[patients]
    return patients, [rng.random(rng.poisson(mean)) for mean in means]
