import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.evaluation.calibration.isotonic import (
    OperatingPoint,
    brier_score,
    cross_validated,
    fit_isotonic,
    operating_points,
    point_at_fps,
    point_at_sensitivity,
)
from mmuldor.functional.froc import match


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1))
def test_the_fit_is_the_best_rising_one(pairs):
    scores = np.array([score for score, _ in pairs]) / 10
    hits = np.array([hit for _, hit in pairs])
    fitted = fit_isotonic(scores, hits)(scores)
    assert (np.diff(fitted[np.argsort(scores)]) >= -1e-12).all()
    # Max-min formula of isotonic regression (Barlow et al. 1972).
    levels = np.unique(scores)
    for level in levels:
        expected = max(
            min(
                hits[(scores >= low) & (scores <= high)].mean()
                for high in levels[levels >= level]
            )
            for low in levels[levels <= level]
        )
        found = fitted[scores == level]
        assert found == pytest.approx(np.full(len(found), expected))


def test_scores_that_lie_are_mended_on_other_patients():
    rng = np.random.default_rng(0)
    scores = rng.random(4000)
    hits = rng.random(4000) < scores**3
    patients = rng.integers(0, 50, 4000)
    unseen = cross_validated(scores, hits, patients)
    assert np.abs(unseen - scores**3).mean() < 0.03
    assert brier_score(unseen, hits) < brier_score(scores, hits) - 0.02


def test_a_fold_is_not_fitted_on_itself():
    scores = np.array([0.1, 0.2, 0.3, 0.4])
    hits = np.array([False, True, False, True])
    groups = np.array([0, 0, 1, 1])
    found = cross_validated(scores, hits, groups, folds=2)
    expected = [fit_isotonic(scores[2:], hits[2:])(scores[:2])]
    expected.append(fit_isotonic(scores[:2], hits[:2])(scores[2:]))
    assert found.tolist() == np.concatenate(expected).tolist()


@pytest.mark.parametrize('hits', [[], [[True]], [True, False]])
def test_nothing_to_fit_is_an_error(hits):
    with pytest.raises(ValueError, match='one hit or miss'):
        fit_isotonic(np.array([0.5][: len(hits)]), np.array(hits, dtype=bool))


@pytest.fixture
def points():
    # Two images, two lesions; scores 0.9 hit, 0.8 miss, 0.7 miss, 0.6 hit.
    hit, miss = [0, 0, 9, 9], [50, 50, 59, 59]
    matched = match(
        [hit, miss, miss, hit],
        [0.9, 0.8, 0.7, 0.6],
        [1, 1, 2, 2],
        [hit, hit],
        [1, 2],
        [1, 2],
    )
    return operating_points(matched)


def test_points_of_a_small_curve(points):
    assert points == [
        OperatingPoint(0.9, 0.0, 0.5),
        OperatingPoint(0.8, 0.5, 0.5),
        OperatingPoint(0.7, 1.0, 0.5),
        OperatingPoint(0.6, 1.0, 1.0),
    ]


def test_points_by_fps_and_by_sensitivity(points):
    assert point_at_fps(points, 0.4).score_thr == 0.9
    assert point_at_fps(points, 1.0).score_thr == 0.6
    assert point_at_sensitivity(points, 0.5).score_thr == 0.9
    assert point_at_sensitivity(points, 0.51).score_thr == 0.6


def test_points_that_cannot_be_reached(points):
    with pytest.raises(ValueError, match='the maximum is 1'):
        point_at_sensitivity(points, 1.1)
    with pytest.raises(ValueError, match=r'the fewest are 0\.5'):
        point_at_fps(points[1:2], 0.2)


def test_ranks_by_class_have_no_threshold():
    box = [0, 0, 9, 9]
    matched = match(
        [box, box], [0.5, 0.9], [1, 1], [box], [1], [1], det_tiers=[0, 1]
    )
    with pytest.raises(ValueError, match='by class'):
        operating_points(matched)
