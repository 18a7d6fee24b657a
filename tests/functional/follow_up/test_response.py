"""RECIST 1.1 arithmetic."""

import pytest

from mmuldor.functional.follow_up.response import (
    OtherLesions,
    TargetSize,
    response,
)


def of(*sizes, **others):
    targets = [TargetSize(*size) for size in sizes]
    return response(targets, OtherLesions(**others))


@pytest.mark.parametrize(
    ('sizes', 'category'),
    [
        ([(30, 21)], 'PR'),  # -30 %
        ([(30, 21.1)], 'SD'),
        ([(25, 30)], 'PD'),  # +20 %, 5 mm
        ([(24, 28.9)], 'SD'),  # +20.4 %, but 4.9 mm
        ([(50, 59)], 'SD'),  # 9 mm, but 18 %
        ([(30, 0), (20, 0)], 'CR'),
        ([(30, 0), (20, 1)], 'PR'),
        ([(16, 9.9, True)], 'CR'),  # a normal node
        ([(16, 10, True)], 'PR'),  # -37.5 %
        ([(30, None)], 'NE'),
        # 40 mm are no more than the sum at baseline: the other one decides.
        ([(30, 40), (10, None)], 'NE'),
    ],
)
def test_targets(sizes, category):
    assert of(*sizes).targets == category


def test_no_minus_zero():
    reasons = of((50, 49.99)).reasons
    assert reasons == ('the sum changed by 0.0 mm, 0.0 %',)


def test_sums():
    found = of((30, 40), (10, 5))
    assert (found.baseline_mm, found.follow_up_mm) == (40, 45)
    assert (found.change_mm, found.change_percent) == (5, 12.5)


def test_progression_in_spite_of_a_target_that_was_not_measured():
    # 50 mm alone is 25 % more than 40 mm.
    found = of((30, 50), (10, None))
    assert found.targets == found.overall == 'PD'
    assert found.follow_up_mm is None
    assert found.change_percent is None


def test_a_new_lesion_is_progression():
    found = of((30, 0), new=1)
    assert (found.targets, found.overall) == ('CR', 'PD')
    assert found.reasons[-1] == '1 new lesion'


def test_other_lesions_prevent_a_complete_response():
    assert of((30, 0), left=1, gone=1).overall == 'PR'
    assert of((30, 0), unknown=1).overall == 'PR'
    assert of((30, 0), gone=2).overall == 'CR'


def test_a_lesion_that_may_be_new():
    found = of((30, 31), maybe_new=2)
    assert found.overall == 'SD'
    assert found.reasons[-1] == '2 lesions may be new'


def test_without_targets():
    assert of().overall is None
    assert of(left=1).overall == 'non-CR/non-PD'
    assert of(gone=1).overall == 'CR'
    assert of(left=1, unknown=1).overall == 'NE'
    assert of(new=2).overall == 'PD'
    assert of().baseline_mm is None


def test_wrong_target():
    with pytest.raises(ValueError, match='above 0 mm'):
        of((0, 3))
