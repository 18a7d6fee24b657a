import numpy as np
import pytest

from mmuldor.evaluation.comparison.inference import (
    ErrorPart,
    holm,
    paired_t,
    student_t,
    weighted_t,
)


def test_paired_t_by_hand():
    # Mean 2, deviations -1, 0, 1: sd 1, se 1 / sqrt(3) = 0.57735; t of two
    # degrees of freedom: 4.30265 at 0.975, and p of t = 3.4641 is
    # 1 - t / sqrt(t^2 + 2) = 1 - sqrt(12 / 14).
    found = paired_t([1.0, 2.0, 3.0])
    assert found.mean == 2
    assert found.standard_error == pytest.approx(3**-0.5)
    assert found.df == 2
    assert found.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-6)
    assert found.high == pytest.approx(2 + 4.302653 / 3**0.5, abs=1e-6)
    assert found.p_value == pytest.approx(1 - (12 / 14) ** 0.5)


def test_the_sign_changes_sides_and_the_level_the_width():
    there, back = paired_t([1.0, 2.0, 4.0], 0.9), paired_t([-1, -2, -4], 0.9)
    assert back.mean == -there.mean
    assert (back.low, back.high) == (-there.high, -there.low)
    assert back.p_value == there.p_value
    # t of two degrees of freedom at 0.95: 2.919986.
    half = 2.919986 * there.standard_error
    assert there.high - there.mean == pytest.approx(half, abs=1e-6)


@pytest.mark.parametrize('same', [0.0, 0.1, -0.3])
def test_equal_differences_have_no_p(same):
    found = paired_t([same] * 3)
    assert found.standard_error == 0
    assert found.low == found.high == pytest.approx(same)
    assert np.isnan(found.p_value)


@pytest.mark.parametrize('wrong', [[], [0.1], [0.1, np.nan], [[1.0], [2.0]]])
def test_too_few_or_broken_differences(wrong):
    with pytest.raises(ValueError, match='two or more finite numbers'):
        paired_t(wrong)


def test_a_normal_has_infinitely_many_degrees_of_freedom():
    found = student_t(1.959964, 1.0, np.inf)
    assert found.low == pytest.approx(0, abs=1e-6)
    assert found.p_value == pytest.approx(0.05, abs=1e-6)


def test_many_estimates_at_once():
    found = student_t([0.0, 1.0], [[0.0], [1.0]], 2)
    assert found.p_value.shape == (2, 2)
    assert np.isnan(found.p_value[0]).all()
    assert found.p_value[1].tolist() == pytest.approx([1, 1 - 3**-0.5])


@pytest.mark.parametrize('level', [0, 1, 1.5])
def test_wrong_levels(level):
    with pytest.raises(ValueError, match='`level` must lie in'):
        paired_t([1.0, 2.0], level)


def test_holm_by_hand():
    # 0.01 * 3 = 0.03; 0.03 * 2 = 0.06; 0.04 * 1 = 0.04, not below 0.06.
    assert holm([0.04, 0.01, 0.03]).tolist() == pytest.approx(
        [0.06, 0.03, 0.06]
    )
    # The phantom study's three claims.
    assert holm([0.0282, 0.035, 0.030])[0] == pytest.approx(0.0846)
    assert holm([0.5, 0.6]).tolist() == [1, 1]
    assert holm([0.02]).tolist() == [0.02]
    assert holm([]).tolist() == []


def test_a_comparison_without_p_still_counts():
    found = holm([np.nan, 0.01])
    assert np.isnan(found[0])
    assert found[1] == 0.02


@pytest.mark.parametrize('wrong', [[-0.1], [0.2, 1.1], [[0.1]], 0.1])
def test_wrong_p_values(wrong):
    with pytest.raises(ValueError, match='numbers from 0 to 1'):
        holm(wrong)


def parts(variance, known):
    return [
        ErrorPart(np.array(variance), 1),
        ErrorPart(np.array(known), np.inf),
    ]


def test_weighted_t_by_hand():
    # c(0.95) = (4 * 12.7062 + 1.95996) / 5 and c(0.99) = (4 * 63.6567 +
    # 2.57583) / 5; the error is 5 ** 0.5.
    for level, critical in ((0.95, 10.5570), (0.99, 51.4405)):
        found = weighted_t(critical * 5**0.5, parts(4, 1), level)
        assert found.low == pytest.approx(0, abs=1e-3)
        assert found.p_value == pytest.approx(1 - level, rel=1e-4)


def test_weighted_t_of_one_part_is_students():
    mean = np.array([0.0, 0.3, 2.0, 50.0, 1e6])
    for df in (1, 2.5, np.inf):
        found = weighted_t(mean, [ErrorPart(np.array(2.0), df)])
        expected = student_t(mean, 2**0.5, df)
        for one, other in zip(found[:6], expected[:6], strict=True):
            assert one == pytest.approx(other, rel=1e-6, abs=1e-290)


def test_weighted_t_without_variance_has_no_p():
    found = weighted_t([0.0, 1.0], parts(0, 0))
    assert np.isnan(found.p_value).all()
    assert found.high.tolist() == [0, 1]


def test_weighted_t_errs_as_often_at_every_size():
    """Two seeds that vary 20 times as patients, as often as the size says."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(0, 4.5, (20_000, 2)) + rng.normal(0, 1, (20_000, 1))
    # What a patient adds to one training alone bounds the variance below.
    spread = np.maximum(drawn.var(axis=1, ddof=1), 0.3**2)
    found = weighted_t(drawn.mean(axis=1), parts(spread / 2, 1.0))
    for size in (0.1, 0.05, 0.05 / 3, 0.05 / 6):
        assert np.mean(found.p_value <= size) <= 1.2 * size
