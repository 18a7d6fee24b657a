"""Shifts along the body by profiles."""

import numpy as np
import pytest

from mmuldor.functional.follow_up.alignment import candidate_shifts


def profiles(positions_mm):
    """Of a body that looks otherwise at each height."""
    x = np.asarray(positions_mm, dtype=float)
    return np.stack([np.sin(x / 40), np.cos(x / 67), x / 300], axis=1)


@pytest.mark.parametrize('step', [2.0, 5.0])
def test_a_shift(step):
    first = np.arange(0, 200, step)
    second = np.arange(100, 340, 4.0)
    # The second scan's coordinates are 60 mm larger.
    found = candidate_shifts(
        profiles(first), first, profiles(second - 60), second
    )
    assert found[0] == pytest.approx(60, abs=3)


def test_a_part_in_the_whole():
    whole, part = np.arange(0, 600, 5.0), np.arange(0, 100, 2.5)
    found = candidate_shifts(
        profiles(part + 400), part, profiles(whole), whole
    )
    assert found[0] == pytest.approx(400, abs=4)


def test_candidates_differ():
    x = np.arange(0, 200, 4.0)
    found = candidate_shifts(profiles(x), x, profiles(x), x)
    assert found[0] == pytest.approx(0, abs=0.1)
    assert len(found) == 3
    assert min(abs(found[0] - found[1]), abs(found[1] - found[2])) >= 24


def test_one_slice():
    one = np.array([3.0])
    assert candidate_shifts(profiles(one), one, profiles(one), one + 7) == [7]
