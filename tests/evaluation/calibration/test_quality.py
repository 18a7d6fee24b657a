"""Figures of probabilities that a person can compute."""

import numpy as np
import pytest

from mmuldor.evaluation.calibration.quality import (
    brier_score,
    brier_skill,
    calibration_error,
    reliability,
)

HITS = np.array([True, False, False, False])


def test_brier_score_and_skill():
    probabilities = np.array([0.5, 0.5, 0.0, 0.0])
    # (0.25 + 0.25) / 4; that of 1/4 for all is 1/4 * 3/4.
    assert brier_score(probabilities, HITS) == 0.125
    assert brier_skill(probabilities, HITS) == pytest.approx(1 / 3)
    assert brier_skill(np.full(4, 0.25), HITS) == 0
    assert brier_skill(HITS.astype(float), HITS) == 1
    assert brier_skill(1.0 - HITS, HITS) < 0


def test_no_skill_without_hits_or_misses():
    assert brier_skill(np.array([0.1, 0.2]), np.zeros(2, bool)) is None
    assert brier_skill(np.array([0.1, 0.2]), np.ones(2, bool)) is None


def test_calibration_error_is_the_mean_gap_of_the_tenths():
    # Tenth 5: mean 0.54, share 1/2, two detections; tenth 0: 0.05, 0, three.
    probabilities = np.array([0.52, 0.56, 0.02, 0.04, 0.09])
    hits = np.array([True, False, False, False, False])
    found = reliability(probabilities, hits)
    assert found.means == pytest.approx([0.05, 0.54])
    assert found.shares.tolist() == [0, 0.5]
    assert found.counts.tolist() == [3, 2]
    expected = (3 * 0.05 + 2 * 0.04) / 5
    assert calibration_error(probabilities, hits) == pytest.approx(expected)


def test_certainty_belongs_to_the_last_tenth():
    found = reliability(np.array([1.0, 0.95]), np.array([True, True]))
    assert found.counts.tolist() == [2]
