"""Every sentence says what its test gives, and never contradicts itself."""

import numpy as np
import pytest

from mmuldor.evaluation.comparison.cautions import cautions
from mmuldor.evaluation.comparison.differences import adjust, find_primary
from mmuldor.evaluation.comparison.inference import (
    ErrorPart,
    student_t,
    weighted_t,
)
from mmuldor.evaluation.comparison.sentences import difference_sentence


def entry(mean, error, df=4.0, primary=False, **changes):
    """A difference of five paired seeds in the form of `compare`."""
    found = student_t(mean, error, df)
    return {
        'first': 'A',
        'second': 'B',
        'design': 'paired seeds',
        'runs': [5, 5],
        'fps_at_end': [9.0, 9.0],
        'mean': mean,
        'mean_interval': [float(found.low), float(found.high)],
        'standard_error': error,
        'df': df,
        'primary': primary,
        'p_value': float(found.p_value) if primary else None,
        'p_holm': None,
        'holm_interval': None,
        **changes,
    }


def test_an_exploratory_difference_has_no_verdict():
    # 2.776445 * 0.005 = 0.01388.
    assert difference_sentence(entry(0.02, 0.005)) == (
        'B - A: +2.0 points (+0.6 to +3.4), 5 paired seeds; exploratory, not '
        'tested.'
    )


def test_a_primary_comparison_alone():
    # t = 4 with 4 degrees of freedom: p 0.0161.
    found = entry(0.02, 0.005, primary=True)
    adjust([found], 0.95)
    assert found['holm_interval'] == pytest.approx(found['mean_interval'])
    assert difference_sentence(found) == (
        'B finds more lesions than A: B - A +2.0 points (+0.6 to +3.4, '
        'Holm-adjusted p 0.016), 5 paired seeds.'
    )
    back = entry(-0.02, 0.005, primary=True)
    adjust([back], 0.95)
    assert difference_sentence(back).startswith(
        'A finds more lesions than B: B - A -2.0 points (-3.4 to -0.6, '
    )


def test_the_claims_of_the_phantom_study():
    # Estimates with p of 0.0285, 0.035 and 0.030; each alone would differ.
    claims = [
        entry(0.02, 0.02 / t, primary=True)
        for t in (3.35434, 3.13306, 3.29457)
    ]
    adjust(claims, 0.95)
    assert [c['p_value'] for c in claims] == pytest.approx(
        [0.0285, 0.0351, 0.0300], abs=2e-4
    )
    # 3 * 0.0285; 2 * 0.030 and 0.035 are below it.
    for claim in claims:
        assert claim['p_holm'] == pytest.approx(3 * claims[0]['p_value'])
        assert claim['mean_interval'][0] > 0 > claim['holm_interval'][0]
        assert difference_sentence(claim).startswith(
            'The difference between A and B is not statistically significant'
        )


@pytest.mark.parametrize('t', [0.5, 2.7, 2.8, 3.4, 3.6, 4.8, 5.5, 60])
def test_interval_and_verdict_agree(t):
    found = [entry(0.02, 0.02 / x, primary=True) for x in (t, 3.0, 5.0)]
    adjust(found, 0.95)
    for one in found:
        low, high = one['holm_interval']
        assert (low > 0 or high < 0) == (one['p_holm'] <= 0.05)
        assert low <= one['mean_interval'][0] + 1e-12


@pytest.mark.parametrize('t', [5, 12, 20, 30, 40])
def test_interval_and_verdict_agree_with_two_seeds(t):
    parts = [ErrorPart(4e-4, 1), ErrorPart(1e-4, np.inf)]
    found = []
    for factor in (t, 11.0, 33.0):
        one = weighted_t(factor * 5e-4**0.5, parts)
        changes = {
            'mean_interval': [float(one.low), float(one.high)],
            'p_value': float(one.p_value),
            'error_parts': [[4e-4, 1], [1e-4, None]],
        }
        mean, error = float(one.mean), float(one.standard_error)
        found.append(entry(mean, error, float(one.df), True, **changes))
    adjust(found, 0.95)
    for one in found:
        low, high = one['holm_interval']
        assert (low > 0 or high < 0) == (one['p_holm'] <= 0.05)
    # c(1 - 0.05 / 3) = 0.8 * 38.1885 + 0.2 * 2.39398 = 31.03.
    assert found[2]['p_holm'] <= 0.05


def test_one_training_each():
    one = {'design': 'trainings', 'runs': [1, 1]}
    assert difference_sentence(entry(0.02, 0.005, 99, **one)) == (
        'B: this training finds more on these images than A; B - A +2.0 '
        'points (+1.0 to +3.0). Of the methods this says nothing, since '
        'other seeds give other results.'
    )
    assert difference_sentence(entry(-0.02, 0.005, 99, **one)).startswith(
        'A: this training finds more on these images than B; B - A -2.0 '
    )
    assert difference_sentence(entry(0.001, 0.005, 99, **one)) == (
        'On these images it is open whether B or A finds more, as trained '
        'here: B - A +0.1 points (-0.9 to +1.1).'
    )
    named = entry(0.02, 0.005, 99, primary=True, **one)
    adjust([named], 0.95)
    assert 'Holm-adjusted p < 0.001). Of the methods' in difference_sentence(
        named
    )
    several = {'design': 'trainings', 'runs': [1, 3]}
    assert difference_sentence(entry(0.02, 0.005, 99, **several)).startswith(
        'B: these trainings find more on these images than A'
    )


def test_identical_methods():
    same = entry(0.0, 0.0, primary=True, p_value=None)
    other = entry(0.02, 0.005, primary=True)
    adjust([same, other], 0.95)
    assert same['p_holm'] is None
    # It was named beforehand all the same.
    assert other['p_holm'] == pytest.approx(2 * other['p_value'])
    assert difference_sentence(same) == (
        'B - A: +0.0 points whatever patients are drawn; not tested.'
    )


def test_no_sentence_says_better():
    kinds = [
        entry(mean, 0.005, design=design, runs=runs)
        for mean in (-0.05, 0.0, 0.05)
        for design in ('paired seeds', 'unpaired seeds', 'trainings')
        for runs in ([1, 1], [2, 3])
    ]
    for one in kinds:
        for word in ('better', 'worse', 'significant', ' p '):
            assert word not in difference_sentence(one)


def test_names_of_primary_comparisons():
    assert find_primary('abc', [('b', 'a')]) == {frozenset('ab')}
    with pytest.raises(ValueError, match=r"two of \['a', 'b'\], but got"):
        find_primary('ab', [('a', 'c')])


def test_warnings():
    def row(mean, maximum=0.9):
        return {'name': 'M', 'mean': mean, 'max_sensitivity': maximum}

    # 200 * (1 - 0.95) = 10 are missed, 200 * (1 - 0.96) = 8.
    assert cautions([row(0.95)], 50, 200, 'patients') == []
    few, sure = cautions([row(0.96)], 49, 200, 'patients')
    assert few.startswith('Only 49 patients: with fewer than 50 intervals')
    assert sure.startswith('M misses about 8 lesions: with fewer than 10')
    assert len(cautions([row(None, 0.96)], 50, 200, 'patients')) == 1
