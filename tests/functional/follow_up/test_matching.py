"""Lesions of two scans matched one to one, by numbers on paper."""

import numpy as np
import pytest

from mmuldor.functional.follow_up.matching import (
    LesionPair,
    Placed,
    all_uncertain,
    match_lesions,
    pair_costs,
)

DEEP = 50.0


def placed(*centers, diameter=20.0, depth=DEEP):
    count = len(centers)
    return Placed.of(centers, [diameter] * count, [depth] * count)


def statuses(rows):
    return [(row.status, row.baseline, row.follow_up) for row in rows]


def test_the_cost_of_a_pair():
    # sigma^2 = 3^2 + (0.1 * 15)^2 = 11.25; 6^2 / 11.25 = 3.2; the ratio of
    # 20 to 10 mm costs 1.
    first, second = placed((0, 0, 0)), placed((6, 0, 0), diameter=10)
    assert pair_costs(first, second, 3.0) == pytest.approx(4.2)


def test_the_same_places_match_in_any_order():
    places = [(0, 0, 0), (25, 0, 0), (0, 80, 9)]
    rows = match_lesions(placed(*places), placed(*places[::-1]), 3.0)
    assert statuses(rows) == [
        ('matched', 0, 2), ('matched', 1, 1), ('matched', 2, 0),
    ]  # fmt: skip
    assert [row.distance_mm for row in rows] == [0, 0, 0]


def test_one_to_one_where_the_nearest_would_be_taken_twice():
    # Both are nearest to the follow-up's first lesion; together they cost
    # less apart: 3 + 7 mm rather than 3 + 17 mm or no partner.
    first = placed((0, 0, 0), (10, 0, 0))
    second = placed((3, 0, 0), (17, 0, 0))
    rows = match_lesions(first, second, 4.0)
    assert statuses(rows) == [('matched', 0, 0), ('matched', 1, 1)]


def test_new_and_gone():
    rows = match_lesions(placed((0, 0, 0)), placed((60, 0, 0)), 3.0)
    assert statuses(rows) == [('gone', 0, None), ('new', None, 0)]


@pytest.mark.parametrize('sides', [(0, 2), (2, 0), (0, 0)])
def test_no_lesions_on_a_side(sides):
    places = [(0, 0, 0), (50, 0, 0)]
    rows = match_lesions(*(placed(*places[:n]) for n in sides), 3.0)
    gone, new = sides
    assert [row.status for row in rows] == ['gone'] * gone + ['new'] * new


def test_midway_between_two_is_uncertain():
    rows = match_lesions(placed((0, 0, 0)), placed((5, 0, 0), (-5, 0, 0)), 3.0)
    assert [row.status for row in rows] == ['uncertain', 'uncertain']
    assert {row.follow_up for row in rows} == {0, 1}
    assert rows[0].baseline == 0
    # Each names the other.
    assert rows[0].follow_up_rivals == (rows[1].follow_up,)
    assert rows[1].baseline_rivals == (0,)


def test_barely_near_enough_is_uncertain():
    # sigma^2 = 9 + 4: 10 mm cost 7.7, no partner costs 9.
    (row,) = match_lesions(placed((0, 0, 0)), placed((10, 0, 0)), 3.0)
    assert (row.status, row.baseline, row.follow_up) == ('uncertain', 0, 0)
    assert row.distance_mm == pytest.approx(10)


def test_no_pair_of_four_times_the_diameter():
    # A place in a lesion that cannot be the same is not empty, either.
    rows = match_lesions(
        placed((0, 0, 0), diameter=5), placed((0, 0, 0), diameter=21), 3.0
    )
    assert rows[0].status == 'uncertain'
    assert 'in another lesion' in rows[0].reason
    assert rows[0].follow_up is None
    assert rows[0].follow_up_rivals == (0,)
    assert rows[1].status == 'uncertain'


def test_merged_lesions():
    # The second lies 14 mm from a lesion of 40 mm that is the first's.
    first = placed((0, 0, 0), (14, 0, 0), diameter=30)
    second = placed((0, 0, 0), diameter=40)
    rows = match_lesions(first, second, 2.0)
    assert statuses(rows)[0] == ('matched', 0, 0)
    assert rows[1].status == 'uncertain'
    assert rows[1].follow_up_rivals == (0,)


@pytest.mark.parametrize(
    ('depth', 'status'), [(-1, 'outside'), (1, 'uncertain'), (5, 'gone')]
)
def test_a_place_at_the_border(depth, status):
    (row,) = match_lesions(placed((0, 0, 0), depth=depth), placed(), 3.0)
    assert row.status == status


def test_far_groups_do_not_slow_each_other():
    places = [(60.0 * k, 0, 0) for k in range(300)]
    rows = match_lesions(placed(*places), placed(*places), 3.0)
    assert {row.status for row in rows} == {'matched'}


def test_all_uncertain():
    assert all_uncertain(1, 1, 'why') == [
        LesionPair('uncertain', 0, None, 'why'),
        LesionPair('uncertain', None, 0, 'why'),
    ]


@pytest.mark.parametrize(
    ('centers', 'diameters', 'message'),
    [
        ([[0, 0]], [1], r'\(n, 3\)'),
        ([[0, 0, np.nan]], [1], 'finite'),
        ([[0, 0, 0]], [0], 'above 0'),
        ([[0, 0, 0]], [1, 2], 'diameters_mm'),
    ],
)
def test_wrong_lesions(centers, diameters, message):
    with pytest.raises(ValueError, match=message):
        Placed.of(centers, diameters, [1])


def test_wrong_error():
    with pytest.raises(ValueError, match='above 0'):
        match_lesions(placed(), placed(), 0)
