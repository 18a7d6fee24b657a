"""Seeds that are paired or not, and curves that end."""

from dataclasses import replace

import pytest

from mmuldor.evaluation.comparison.figures import Method
from mmuldor.evaluation.comparison.sentences import difference_sentence
from mmuldor.evaluation.comparison.tables import markdown
from tests.evaluation.comparison.outcomes import FEW, compared, outcome, seeded


def test_seeds_that_are_paired_by_their_labels():
    # b finds two more than a of the same seed, whichever comes first.
    a = seeded('a', outcome(8), outcome(12), outcome(10))
    b = Method('b', [outcome(12), outcome(10), outcome(14)], ['2', '0', '1'])
    (difference,) = compared(a=a, b=b)['differences']
    assert difference['design'] == 'paired seeds'
    assert difference['mean'] == pytest.approx(0.1)
    # Seeds agree, each by two other lesions of 20: C has 0.1 * 0.9 / 20 in
    # the diagonal and -0.1^2 / 20 off it, so va = 0.005 / 3.
    error = (0.005 / 3) ** 0.5
    assert difference['standard_error'] == pytest.approx(error, rel=0.1)
    swapped = Method('b', b.runs, ['0', '1', '2'])
    (other,) = compared(a=a, b=swapped)['differences']
    assert other['standard_error'] > difference['standard_error'] + 0.01


def test_seeds_without_labels_are_not_paired():
    a, b = [outcome(8), outcome(12)], [outcome(10), outcome(14)]
    (difference,) = compared(a=a, b=b)['differences']
    assert difference['design'] == 'unpaired seeds'
    assert difference['p_these_trainings_mean'] is None
    labelled = Method('b', b, ['5', '6'])
    (again,) = compared(a=seeded('a', *a), b=labelled)['differences']
    assert again['design'] == 'unpaired seeds'
    assert again['mean_interval'] == difference['mean_interval']


def test_seeds_that_only_partly_agree():
    a = seeded('a', outcome(8), outcome(12), outcome(9))
    b = Method('b', [outcome(8), outcome(12)], ['1', '7'])
    with pytest.raises(ValueError, match=r"'b' has \['7'\] and lacks \['0'"):
        compared(a=a, b=b)
    with pytest.raises(ValueError, match='a seed of its own'):
        Method('b', [outcome(8), outcome(12)], ['1', '1'])


def test_nothing_at_or_beyond_the_end_of_a_curve():
    # 40 FPs on 20 images: the curve ends at exactly 2 FPs per image.
    ended = outcome(16, fps=40)
    result = compared(a=[outcome(10)], b=[ended])
    row, (difference,) = result['rows'][1], result['differences']
    assert row['fps_at_end'] == 2
    assert row['sensitivity'] == [0.8, None]
    assert row['interval'][1] == [None, None]
    assert row['mean'] is None
    assert row['strata']['last']['sensitivity'] == 0.2
    assert difference['sensitivity'] == [pytest.approx(0.3), None]
    assert difference['mean'] is None
    assert difference['p_these_trainings'][1] is None
    assert difference['p_these_trainings_mean'] is None
    text = markdown(result, [])
    assert '|  |  | 80.0 at 0.0 |' in text
    assert 'Blank: at or beyond the end of a curve.' in text
    assert difference_sentence(difference) == (
        'b - a: no mean over 0.5 to 4 FPs, since a curve ends at 2.00 FPs '
        'per image.'
    )


def test_one_resample_gives_no_interval():
    few = replace(FEW, num_resamples=1, primary=(('a', 'b'),))
    for runs in (1, 2):
        result = compared(
            few,
            a=seeded('a', *[outcome(9), outcome(10)][:runs]),
            b=seeded('b', *[outcome(12), outcome(16)][:runs]),
        )
        (difference,) = result['differences']
        assert difference['interval'][0] == [None, None]
        assert difference['p_holm'] is None
        assert difference_sentence(difference).endswith(
            'points; too few resamples for an interval.'
        )
        assert '| b - a' in markdown(result, [])


def test_the_shortest_curve_of_a_method_counts():
    runs = [outcome(10), outcome(12, fps=20)]
    row = compared(a=runs)['rows'][0]
    assert row['sensitivity'] == [pytest.approx(0.55), None]
