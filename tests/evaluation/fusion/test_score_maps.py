import numpy as np
import pytest

from mmuldor.evaluation.fusion.score_maps import probability_map, rank_map
from mmuldor.functional.matching import match


def test_ranks_by_hand():
    """On two images 1, 3 and 4 detections are at or above the scores."""
    own = rank_map(np.array([0.5, 0.9, 0.2, 0.5]), 2)
    values = own([0.9, 0.5, 0.2])
    assert values.tolist() == [1 / 1.5, 1 / 2.5, 1 / 3]
    # Between knots linear, beyond them held.
    assert own([0.7, 5, -5]).tolist() == pytest.approx(
        [(1 / 1.5 + 1 / 2.5) / 2, 1 / 1.5, 1 / 3]
    )


def test_a_rising_map_of_the_scores_changes_no_rank():
    scores = np.random.default_rng(0).random(3000)
    first, second = rank_map(scores, 100), rank_map(scores**3 * 50 - 7, 100)
    assert len(first.scores) <= 400
    values = first(scores)
    assert np.abs(values - second(scores**3 * 50 - 7)).max() < 0.003
    exact = 1 / (1 + np.argsort(np.argsort(-scores)) / 100 + 0.01)
    assert np.abs(values - exact).max() < 0.003


def test_probabilities_leave_out_second_hits():
    """Two lesions, two hits on one, one of them repeated, and one miss."""
    boxes = [[0, 0, 9, 9], [0, 0, 9, 9], [50, 0, 59, 9]]
    matched = match(
        boxes, [0.9, 0.8, 0.1], [1, 1, 1], [[0, 0, 9, 9]], [1], [1]
    )
    # One of one, (1 + 1/2) / 2, and none of one, (1/2) / 2.
    own = probability_map(matched)
    assert own.scores.tolist() == [0.1, 0.9]
    assert own.probabilities.tolist() == [0.25, 0.75]
