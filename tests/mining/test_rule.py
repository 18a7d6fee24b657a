import numpy as np
import pytest

from mmuldor.functional.hard_negatives import select_hard_negatives
from mmuldor.mining.rule import MiningRule


class Found:
    """Detections whose boxes play no part."""

    size = (64, 64)

    def __init__(self, scores):
        self.scores = np.array(scores)
        self.boxes = np.zeros((len(scores), 4))


def test_the_rule_is_that_of_the_paper():
    found = Found([0.99, 0.95, 0.9, 0.85, 0.8, 0.75])
    overlaps = np.array([0.1, 0, 0, 0, 0, 0.4])
    rule = MiningRule(seed=5)
    candidates = rule.candidates(found, overlaps)
    assert candidates.tolist() == [0, 1, 2, 3, 4]
    chosen = candidates[rule.draw(found.scores[candidates], 2, 7)]
    expected = select_hard_negatives(
        found.scores, overlaps, rng=np.random.default_rng((5, 2, 7))
    )
    assert chosen.tolist() == expected.tolist()


def test_a_round_before_training_draws_like_the_first():
    rule, scores = MiningRule(), np.linspace(1, 0.8, 50)
    first = rule.draw(scores, 0, 3).tolist()
    assert rule.draw(scores, -1, 3).tolist() == first
    assert rule.draw(scores, 1, 3).tolist() != first


def test_another_rule_says_its_name():
    class Other(MiningRule):
        pass

    assert 'type' not in MiningRule().as_dict()
    assert Other(min_score=0.5).as_dict() == {
        'type': 'Other',
        **MiningRule(min_score=0.5).as_dict(),
    }


@pytest.mark.parametrize('quantile', [0, 1, -0.5])
def test_wrong_quantile(quantile):
    with pytest.raises(ValueError, match=r'`spare_quantile` must lie in'):
        MiningRule(spare_quantile=quantile)


def test_the_defaults_are_those_of_the_paper():
    assert MiningRule().as_dict() == {
        'hit_iou': 0.3,
        'min_score': 0.7,
        'max_per_image': 3,
        'max_iou': 0.3,
        'max_iod': None,
        'spare_quantile': None,
        'score_thr': 0.05,
        'nms_iou_thr': 0.5,
        'max_per_img': 100,
        'seed': 0,
    }


def test_thresholds_of_a_rule_are_used():
    found = Found([0.9, 0.6, 0.5])
    overlaps = np.array([0, 0, 0.4])
    for options, expected in (
        ({}, [0, 1]),
        ({'hit_iou': 0.4}, [0]),
        ({'hit_iou': 0.4, 'min_score': 0.55}, [0, 1]),
    ):
        candidates = MiningRule(**options).candidates(found, overlaps)
        assert candidates.tolist() == expected
    assert MiningRule(max_per_image=2).draw(found.scores, 0, 1).size == 2


def test_a_quantile_between_0_and_1_is_accepted():
    assert MiningRule(spare_quantile=0.5).spare_quantile == 0.5
    with pytest.raises(ValueError, match='quantile') as caught:
        MiningRule(spare_quantile=1.5)
    assert str(caught.value) == (
        '`spare_quantile` must lie in (0, 1) or be None, but got 1.5.'
    )
