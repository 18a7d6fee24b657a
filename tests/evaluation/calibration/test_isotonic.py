import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.evaluation.calibration.isotonic import (
    cross_validated,
    fit_isotonic,
)
from mmuldor.evaluation.calibration.quality import brier_score

PAIRS = st.lists(
    st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=60
)


@given(PAIRS)
def test_without_shrinkage_the_fit_is_the_best_rising_one(pairs):
    scores = np.array([score for score, _ in pairs]) / 10
    hits = np.array([hit for _, hit in pairs])
    # A thousand times as many detections: shrinkage is at most 1/2000.
    fitted = fit_isotonic(np.repeat(scores, 1000), np.repeat(hits, 1000))
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
        assert fitted(level) == pytest.approx(expected, abs=1e-3)


@given(PAIRS)
def test_blocks_are_shrunk_and_rise(pairs):
    scores = np.array([score for score, _ in pairs]) / 10
    hits = np.array([hit for _, hit in pairs])
    fitted = fit_isotonic(scores, hits)(scores)
    assert (np.diff(fitted[np.argsort(scores)]) >= -1e-12).all()
    for probability in np.unique(fitted.round(12)):
        block = np.isclose(fitted, probability)
        expected = (hits[block].sum() + 0.5) / (block.sum() + 1)
        assert probability == pytest.approx(expected)
    assert fitted.min() > 0
    assert fitted.max() < 1


def test_three_hits_of_three_are_not_certain():
    scores = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])
    fitted = fit_isotonic(scores, scores > 0.5)
    assert fitted(scores).tolist() == [0.125] * 3 + [0.875] * 3


def test_a_shrunk_block_joins_its_neighbour():
    # One miss shrinks to 1/4, one hit of twenty to 1.5/21: 1.5/22 in one.
    scores = np.array([0.1, *[0.5] * 20])
    hits = np.array([False, True, *[False] * 19])
    assert fit_isotonic(scores, hits)(scores) == pytest.approx(1.5 / 22)


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
