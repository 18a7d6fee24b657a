import pytest

from mmuldor.visualization.examples import rotate, spread


def test_spread_takes_one_of_each_part():
    values = [9, 1, 5, 3, 7, 2]
    chosen = spread(values, 3, seed=0)
    parts = [{1, 2}, {3, 5}, {7, 9}]
    picked = [values[i] for i in chosen]
    for value, part in zip(picked, parts, strict=True):
        assert value in part
    assert chosen == spread(values, 3, seed=0)


@pytest.mark.parametrize('count', [1, 4, 9])
def test_spread_gives_all_where_there_are_few(count):
    assert len(spread([2.0, 1.0, 3.0], count, 0)) == min(count, 3)
    assert spread([], count, 0) == []


def test_spread_follows_the_seed():
    values = list(range(100))
    assert spread(values, 5, 0) != spread(values, 5, 1)


def test_rotate_takes_turns_and_passes_over_empty_groups():
    groups = ['a', 'b', 'a', 'b', 'a']
    chosen = rotate(groups, ['a', 'none', 'b'], 4, seed=3)
    assert [groups[i] for i in chosen] == ['a', 'b', 'a', 'b']
    assert len(set(chosen)) == 4


def test_rotate_ends_when_all_are_used():
    groups = ['a', 'b', 'a']
    assert sorted(rotate(groups, ['a', 'b', 'a'], 9, 0)) == [0, 1, 2]
    assert rotate([], ['a'], 9, 0) == []
