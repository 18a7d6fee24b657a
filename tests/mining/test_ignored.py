import numpy as np
import pytest

from mmuldor.mining.ignored import ignore_threshold, mark_ignored
from mmuldor.mining.rule import MiningRule


def test_the_limit_is_a_quantile_of_the_hits():
    mined = [{'hit_score': score} for score in (0.2, None, 0.6, 0.4)]
    assert ignore_threshold(mined, 0.5) == pytest.approx(0.4)
    assert ignore_threshold(mined, None) is None
    assert ignore_threshold([{'hit_score': None}], 0.5) is None


def test_the_draw_is_among_the_rest():
    examples = [{'score': s} for s in (0.9, 0.8, 0.5, 0.4, 0.3, 0.2)]
    mined = {'examples': list(examples)}
    mark_ignored(mined, 0.6, MiningRule(seed=4), epoch=2, image_id=9)
    rng = np.random.default_rng((4, 2, 9))
    rest = examples[2:]
    drawn = sorted(rng.choice(4, 3, replace=False))
    assert mined['examples'] == [
        {'score': 0.9, 'ignored': True},
        {'score': 0.8, 'ignored': True},
        *(rest[i] for i in drawn),
    ]


def test_what_scores_as_high_as_the_limit_is_not_ignored():
    mined = {'examples': [{'score': 0.75}, {'score': 0.5}]}
    mark_ignored(mined, 0.75, MiningRule(), epoch=0, image_id=1)
    assert mined['examples'] == [{'score': 0.75}, {'score': 0.5}]


def test_a_round_without_a_hit_ignores_none_and_draws():
    examples = [{'score': score} for score in np.linspace(1.0, 0.7, 40)]
    mined = {'examples': list(examples)}
    mark_ignored(mined, None, MiningRule(seed=3), epoch=0, image_id=1)
    rng = np.random.default_rng((3, 0, 1))
    expected = np.sort(rng.choice(40, 3, replace=False))
    assert mined['examples'] == [examples[i] for i in expected]


def test_the_draw_is_that_of_the_epoch_and_image():
    examples = [{'score': score} for score in np.linspace(0.5, 0.1, 40)]
    drawn = []
    for epoch, image_id in ((0, 1), (0, 2), (1, 1)):
        mined = {'examples': list(examples)}
        mark_ignored(mined, 0.6, MiningRule(seed=3), epoch, image_id)
        rng = np.random.default_rng((3, epoch, image_id))
        expected = np.sort(rng.choice(40, 3, replace=False))
        assert mined['examples'] == [examples[i] for i in expected]
        drawn.append(tuple(expected))
    assert len(set(drawn)) == 3
