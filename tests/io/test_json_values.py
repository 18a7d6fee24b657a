"""What values are, at the edges."""

import math

import pytest

from mmuldor.io.json_values import (
    are_coordinates,
    is_coordinate,
    is_finite,
    is_inside_name,
    is_integer,
    shortened,
)


@pytest.mark.parametrize(
    ('value', 'integer', 'finite', 'coordinate'),
    [
        (7, True, True, True),
        (-7, True, True, True),
        (7.0, False, True, True),
        (True, False, False, False),
        ('7', False, False, False),
        (None, False, False, False),
        (math.nan, False, False, False),
        (math.inf, False, False, False),
        (1e300, False, True, False),
        (2**63 - 1, True, True, False),
        (2**63, False, True, False),
        (10**400, False, False, False),
    ],
)
def test_numbers(value, integer, finite, coordinate):
    assert is_integer(value) is integer
    assert is_finite(value) is finite
    assert is_coordinate(value) is coordinate
    assert are_coordinates([0, value], 2) is coordinate
    assert not are_coordinates([0, value], 3)
    assert not are_coordinates((0, value), 2)


@pytest.mark.parametrize(
    ('name', 'inside'),
    [
        ('000001_01_01/109.png', True),
        ('a..b/..c.png', True),
        ('\u4e2d\u6587/\u00fc.png', True),
        ('', False),
        ('..', False),
        ('a/../b', False),
        ('/a', False),
        ('\\a', False),
        ('C:a', False),
        ('a\0', False),
        ('\udc80', False),
        (7, False),
    ],
)
def test_names(name, inside):
    assert is_inside_name(name) is inside


def test_any_value_is_shown_short():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    for value in (deep, 'a' * 10**6, 10**4000, {'a': [1] * 10**5}):
        assert len(shortened(value)) <= 80
    assert shortened([1.5, 'a']) == "[1.5, 'a']"
