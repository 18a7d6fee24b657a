import pytest

from mmuldor.visualization.examples import draw_by_turns, draw_over_range


def test_spread_takes_one_of_each_part():
    values = [9, 1, 5, 3, 7, 2]
    chosen = draw_over_range(values, 3, seed=0)
    parts = [{1, 2}, {3, 5}, {7, 9}]
    picked = [values[i] for i in chosen]
    for value, part in zip(picked, parts, strict=True):
        assert value in part
    assert chosen == draw_over_range(values, 3, seed=0)


@pytest.mark.parametrize('count', [1, 4, 9])
def test_spread_gives_all_where_there_are_few(count):
    assert len(draw_over_range([2.0, 1.0, 3.0], count, 0)) == min(count, 3)
    assert draw_over_range([], count, 0) == []


def test_spread_follows_the_seed():
    values = list(range(100))
    assert draw_over_range(values, 5, 0) != draw_over_range(values, 5, 1)


def test_rotate_takes_turns_and_passes_over_empty_groups():
    groups = ['a', 'b', 'a', 'b', 'a']
    chosen = draw_by_turns(groups, ['a', 'none', 'b'], 4, seed=3)
    assert [groups[i] for i in chosen] == ['a', 'b', 'a', 'b']
    assert len(set(chosen)) == 4


def test_rotate_ends_when_all_are_used():
    groups = ['a', 'b', 'a']
    assert sorted(draw_by_turns(groups, ['a', 'b', 'a'], 9, 0)) == [0, 1, 2]
    assert draw_by_turns([], ['a'], 9, 0) == []
