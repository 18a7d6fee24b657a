import numpy as np
import pytest

from mmuldor.evaluation.comparison.resampling import interval
from mmuldor.evaluation.comparison.seeds_as_readers import (
    patients_only,
    readers_estimate,
    seeds_as_readers,
    unpaired_seeds,
)


def samples_with(covariance):
    """Resamples whose covariance is exactly this one."""
    covariance = np.asarray(covariance, dtype=float)
    draws = np.random.default_rng(0).standard_normal((50, len(covariance)))
    draws -= draws.mean(axis=0)
    white = draws @ np.linalg.inv(
        np.linalg.cholesky(np.cov(draws, rowvar=False)).T
    )
    values, vectors = np.linalg.eigh(covariance)
    return white @ (vectors * np.sqrt(np.maximum(values, 0))).T


def compound(count, diagonal, off):
    return np.full((count, count), off) + np.eye(count) * (diagonal - off)


def error_of(seed_variance, covariance):
    """Standard error and degrees of freedom."""
    return readers_estimate(0.0, seed_variance, covariance)[1:3]


def test_by_hand():
    # Differences 1, 2, 6: mean 3, variance (4 + 1 + 9) / 2 = 7, va = 7 / 3.
    # off = 2, so se^2 = 13 / 3, and df = (13 / 3)^2 / ((7 / 3)^2 / 2) =
    # 2 * 169 / 49.
    found = seeds_as_readers([1, 2, 6], samples_with(compound(3, 3, 2)))
    assert found.mean == 3
    assert found.standard_error == pytest.approx((13 / 3) ** 0.5)
    assert found.df == pytest.approx(2 * 169 / 49)
    # t at 0.975 with 6.89796 degrees of freedom: 2.3719.
    half = 2.3719 * (13 / 3) ** 0.5
    assert found.low == pytest.approx(3 - half, abs=1e-3)
    assert found.high == pytest.approx(3 + half, abs=1e-3)
    # 3 / 2.0817 = 1.4412: p between those of 6 (0.1996) and 7 (0.1927).
    assert 0.1927 < found.p_value < 0.1996


def test_covariances_are_means_over_pairs_of_seeds():
    # Off-diagonals 1, 2 and 3: their mean is 2, that of the diagonal 4.
    covariance = [[4, 1, 2], [1, 3, 3], [2, 3, 5]]
    error, df = error_of(7.0, covariance)
    assert error**2 == pytest.approx(7 / 3 + 2)
    assert df == pytest.approx(2 * 169 / 49)


def test_seeds_that_agree_by_chance():
    # Variance of the seeds 0, but each has (5 - 2) of its own: va = 1,
    # se^2 = 1 + 2, df = 9 / (1 / 2).
    error, df = error_of(0.0, compound(3, 5, 2))
    assert error**2 == pytest.approx(3)
    assert df == pytest.approx(18)


def test_a_negative_covariance_counts_as_none():
    # va = max(7, 3 + 1) / 3, se^2 = va, df = k - 1.
    error, df = error_of(7.0, compound(3, 3, -1))
    assert error**2 == pytest.approx(7 / 3)
    assert df == pytest.approx(2)
    # It still raises the bound of va: (3 + 1) / 3.
    error, df = error_of(1.0, compound(3, 3, -1))
    assert error**2 == pytest.approx(4 / 3)


def test_patients_alone_are_a_normal():
    # Seeds always agree: va = 0, and nothing but patients is left.
    found = seeds_as_readers([2, 2], samples_with(compound(2, 1, 1)))
    assert found.standard_error == pytest.approx(1)
    assert found.high == pytest.approx(2 + 1.95996, abs=1e-3)


def test_two_seeds_take_the_weighted_mean_of_both_t():
    # va = 8 / 2 and off = 1: (4 * 12.7062 + 1 * 1.95996) / 5 = 10.5570.
    found = seeds_as_readers([-2, 2], samples_with(compound(2, 1, 1)))
    assert found.standard_error**2 == pytest.approx(5)
    assert found.high == pytest.approx(10.5570 * 5**0.5, abs=1e-3)
    # Without patients it is Student's t of two differences.
    alone = seeds_as_readers([1, 3], np.zeros((9, 2)))
    assert alone.df == pytest.approx(1)
    assert alone.high == pytest.approx(2 + 12.7062, abs=1e-3)


@pytest.mark.parametrize('level', [0.8, 0.95, 0.99, 0.9999])
def test_p_of_two_seeds_is_that_of_every_level(level):
    """p is below 1 - level exactly where the interval does not hold 0."""
    samples = samples_with(compound(2, 1, 1))
    end = seeds_as_readers([-2, 2], samples, level).high
    for shift, significant in ((0.999, False), (1.001, True)):
        values = end * shift + np.array([-2, 2])
        found = seeds_as_readers(values, samples)
        assert (found.p_value < 1 - level) is np.bool_(significant)
        assert found.p_value == pytest.approx(1 - level, rel=0.02)
    # Whatever level the interval has.
    other = seeds_as_readers(values, samples, level)
    assert other.p_value == pytest.approx(found.p_value, rel=1e-9)


def test_p_of_two_unpaired_seeds_is_that_of_every_level():
    covariance = compound(5, 2, 1)
    samples = samples_with(covariance)
    first, second = np.array([-1, 1]), np.array([-1, 0, 1]) * 2**0.5
    both = first, second, samples[:, :2], samples[:, 2:]
    end = unpaired_seeds(*both, 0.999).high
    found = unpaired_seeds(first, second + end, *both[2:])
    assert found.p_value == pytest.approx(0.001, rel=1e-6)


def test_identical_methods_have_no_p():
    for count in (2, 3):
        found = seeds_as_readers(np.zeros(count), np.zeros((20, count)))
        assert found[:2] == (0, 0)
        assert (found.low, found.high) == (0, 0)
        assert np.isnan(found.p_value)
    found = seeds_as_readers([0.1, 0.1, 0.1], np.full((20, 3), 0.1))
    assert found.standard_error == 0
    assert np.isnan(found.p_value)


def test_resamples_without_a_lesion_are_left_out():
    samples = samples_with(compound(3, 3, 2))
    holes = np.vstack([np.full((4, 3), np.nan), samples])
    found = np.array(seeds_as_readers([1, 2, 6], holes)[:6])
    whole = np.array(seeds_as_readers([1, 2, 6], samples)[:6])
    assert found == pytest.approx(whole)
    found = seeds_as_readers([1, 2, 6], np.full((4, 3), np.nan))
    assert np.isnan(found.low)


def test_unpaired_seeds_by_hand():
    # Variances 2 and 8 of 2 and 4 seeds; C has diagonals 1 and 2, off 0.5
    # and 1, cross 0.25: va = 2 / 2 and 8 / 4, rest = 0.5 + 1 - 0.5 = 1.
    covariance = np.full((6, 6), 0.25)
    covariance[:2, :2], covariance[2:, 2:] = 0.5, 1.0
    np.fill_diagonal(covariance, [1, 1, 2, 2, 2, 2])
    samples = samples_with(covariance)
    second = np.array([-1, -1, 1, 1]) * 6**0.5 + 10
    found = unpaired_seeds([-1, 1], second, samples[:, :2], samples[:, 2:])
    assert found.mean == pytest.approx(10)
    assert found.standard_error**2 == pytest.approx(1 + 2 + 1)
    # Two seeds: (1 * 12.7062 + 2 * 3.18245 + 1 * 1.95996) / 4.
    assert (found.high - 10) / 2 == pytest.approx(5.25776, abs=1e-4)
    three = np.array([-1, 0, 1]) * 2**0.5
    covariance = np.full((7, 7), 0.25)
    covariance[:3, :3], covariance[3:, 3:] = 0.5, 1.0
    np.fill_diagonal(covariance, [1] * 3 + [2] * 4)
    samples = samples_with(covariance)
    found = unpaired_seeds(three, second, samples[:, :3], samples[:, 3:])
    # va = 2 / 3 and 2: df = (2 / 3 + 3)^2 / (4 / 9 / 2 + 4 / 3).
    assert found.df == pytest.approx((11 / 3) ** 2 / (2 / 9 + 4 / 3))


def test_one_training_each():
    samples = np.array([-1.0, 0, 1, np.nan])  # variance 1
    found = patients_only(2.0, samples, 21)
    assert found.standard_error == 1
    assert found.df == 20
    assert found.low == pytest.approx(2 - 2.08596, abs=1e-5)


@pytest.mark.parametrize(
    ('call', 'match'),
    [
        (lambda: seeds_as_readers([1], np.zeros((5, 1))), 'two or more seeds'),
        (lambda: seeds_as_readers([1, 2], np.zeros((5, 3))), r'\(5, 3\)'),
        (lambda: readers_estimate(0, 1, np.eye(2), 1.0), '`level` must lie'),
        (
            lambda: unpaired_seeds(
                [1], [1, 2], np.zeros((5, 1)), np.zeros((5, 2))
            ),
            r'two or more a method, but got \(1, 2\)',
        ),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def crossed(rng, count, patients, of_seeds, of_patients, of_both):
    """Differences of equal methods and their resamples, of many studies.

    (studies, count) and (studies, resamples, count).
    """
    shape = (1000, patients, count)
    cells = of_patients * rng.standard_normal((*shape[:2], 1))
    cells = cells + of_both * rng.standard_normal(shape)
    cells = cells + of_seeds * rng.standard_normal((shape[0], 1, count))
    weights = rng.multinomial(patients, np.full(patients, 1 / patients), 200)
    return cells.mean(axis=1), weights @ cells / patients


@pytest.mark.parametrize(
    ('count', 'parts', 'least', 'old_least', 'old_most'),
    [
        # Standard deviations of seeds, patients and both: of the mean over
        # 100 patients 1, 0.3 and 0.2.
        (2, (1.0, 3.0, 2.0), 0.005, 0.15, 0.30),
        (3, (1.0, 3.0, 2.0), 0.03, 0.12, 0.30),
        (5, (1.0, 3.0, 2.0), 0.03, 0.08, 0.20),
        # Seeds agree: resampling them counts what a patient adds twice.
        (3, (0.0, 3.0, 20.0), 0.0, 0.0, 0.02),
    ],
)
def test_one_of_twenty_equal_methods_differs(
    count, parts, least, old_least, old_most
):
    """At most 8 %; an interval that resamples the seeds errs on both sides."""
    rng = np.random.default_rng(17)
    values, samples = crossed(rng, count, 100, *parts)
    covariance = np.array([np.cov(s, rowvar=False) for s in samples])
    found = readers_estimate(
        values.mean(axis=1), values.var(axis=1, ddof=1), covariance
    )
    assert least <= np.mean(found.p_value <= 0.05) <= 0.08
    # The interval holds 0 where p is above 0.05.
    outside = (found.low > 0) | (found.high < 0)
    assert (outside == (found.p_value < 0.05)).all()
    drawn = rng.integers(count, size=samples.shape)
    means = np.take_along_axis(samples, drawn, axis=2).mean(axis=2)
    low, high = interval(means.T)
    assert old_least <= np.mean((low > 0) | (high < 0)) <= old_most
