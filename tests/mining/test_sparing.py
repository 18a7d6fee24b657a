import numpy as np
import pytest

from mmuldor.mining.rule import MiningRule
from mmuldor.mining.sparing import mark_spared, sparing_threshold


def test_the_limit_is_a_quantile_of_the_hits():
    mined = [{'hit_score': score} for score in (0.2, None, 0.6, 0.4)]
    assert sparing_threshold(mined, 0.5) == pytest.approx(0.4)
    assert sparing_threshold(mined, None) is None
    assert sparing_threshold([{'hit_score': None}], 0.5) is None


def test_sparing_draws_among_the_rest():
    examples = [{'score': s} for s in (0.9, 0.8, 0.5, 0.4, 0.3, 0.2)]
    mined = {'examples': list(examples)}
    mark_spared(mined, 0.6, MiningRule(seed=4), epoch=2, image_id=9)
    rng = np.random.default_rng((4, 2, 9))
    rest = examples[2:]
    drawn = sorted(rng.choice(4, 3, replace=False))
    assert mined['examples'] == [
        {'score': 0.9, 'spared': True},
        {'score': 0.8, 'spared': True},
        *(rest[i] for i in drawn),
    ]
