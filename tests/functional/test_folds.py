import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.folds import stratified_folds


def held(counts, folds, number):
    """What each fold has of each stratum."""
    counts = np.asarray(counts)
    return [counts[folds == k].sum(axis=0).tolist() for k in range(number)]


def test_the_largest_first_each_where_least_is():
    # 5, 4, 3 open the folds; then 3 joins 3, 2 joins 4 and 1 joins 5.
    sizes = [[1], [3], [5], [2], [4], [3]]
    folds = stratified_folds(sizes, 3)
    assert held(sizes, folds, 3) == [[6], [6], [6]]
    assert folds[2] == folds[0]
    assert folds[4] == folds[3]
    assert folds[1] == folds[5]


def test_strata_are_spread():
    # Equal in size: three of type a, three of type b, of 2 lesions each.
    counts = [[2, 2, 0]] * 3 + [[2, 0, 2]] * 3
    for seed in range(20):
        folds = stratified_folds(counts, 3, seed)
        assert held(counts, folds, 3) == [[4, 2, 2]] * 3


def test_a_group_goes_where_least_of_its_strata_is():
    # Totals 50, 40 and 2. Shares 0.72, three times 0.45, and 0.93, so that
    # four open the folds and a group of tens is left. It meets, of its tens
    # in parts of the totals, 11 x 10 / 50 = 2.2 beside the first group,
    # 9 x 10 / 50 + 10 x 10 / 40 = 4.3 beside the last, 4.5 beside its like.
    counts = [[11, 0, 1], [10, 10, 0], [10, 10, 0], [10, 10, 0], [9, 10, 1]]
    for seed in range(20):
        folds = stratified_folds(counts, 4, seed)
        beside = np.flatnonzero(folds == folds[0])
        assert len(beside) == 2
        assert beside[1] in (1, 2, 3)


def test_groups_without_the_first_stratum_come_last():
    counts = [[0, 90], [1, 1], [1, 1], [0, 90], [1, 1], [0, 90]]
    for seed in range(20):
        folds = stratified_folds(counts, 3, seed)
        assert held(counts, folds, 3) == [[1, 91]] * 3


def test_a_seed_decides_alone():
    counts = np.ones((30, 1))
    first = stratified_folds(counts, 5, 3)
    assert (first == stratified_folds(counts, 5, 3)).all()
    assert (first != stratified_folds(counts, 5, 4)).any()


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2)),
        min_size=3,
        max_size=40,
    ),
    st.integers(3, 5),
    st.integers(0, 9),
)
def test_every_fold_has_some_of_the_first_stratum(counts, number, seed):
    having = sum(first > 0 for first, *_ in counts)
    if having < number:
        with pytest.raises(ValueError, match=rf'first stratum, {having}, but'):
            stratified_folds(counts, number, seed)
        return
    folds = stratified_folds(counts, number, seed)
    assert len(folds) == len(counts)
    assert min(row[0] for row in held(counts, folds, number)) > 0


@pytest.mark.parametrize(
    ('counts', 'number', 'match'),
    [
        ([[1]] * 9, 2, r'`num_folds` must be at least 3, .*got 2'),
        ([[1], [1], [-1]], 3, r'`counts` must be numbers of 0 or more'),
        ([[1], [1], [np.nan]], 3, r'`counts` must be numbers of 0 or more'),
        ([1, 1, 1], 3, r'`counts`.*got shape \(3,\)'),
        (np.empty((0, 2)), 3, r'first stratum, 0, but got 3'),
    ],
)
def test_wrong_arguments(counts, number, match):
    with pytest.raises(ValueError, match=match):
        stratified_folds(counts, number)
