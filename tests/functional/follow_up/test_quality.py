"""Whether a registration can be trusted."""

from dataclasses import replace

import pytest

from tests.support.follow_up.in_memory import GOOD


def test_good():
    assert GOOD.problem == ''


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        ({'common_share': 0.09}, 'only 9% of the baseline'),
        ({'correlation': 0.69}, 'correlation 0.69, expected at least 0.7'),
        ({'correlation_rigid': 0.59}, 'after rigid registration'),
        ({'body_dice': 0.84}, 'outlines of the body'),
        ({'implausible_share': 0.03}, 'folded'),
        ({'deformation_median_mm': 16.0}, 'deformed by 16 mm'),
        ({'deformation_max_mm': 61.0}, 'up to 61 mm'),
        ({'rotation_deg': 31.0}, 'turned by 31 degrees'),
    ],
)
def test_problems(change, reason):
    assert reason in replace(GOOD, **change).problem
