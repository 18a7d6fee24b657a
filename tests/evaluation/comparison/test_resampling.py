import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.comparison.resampling import (
    bootstrap,
    interval,
    patient_weights,
    permutation_p_values,
)
from mmuldor.functional.froc import (
    MEAN_FP_RATES,
    froc_curve,
    match,
    sensitivity_at,
)

RATES = (0.25, 0.5, 1.0, 3.0)


def matched_of(seed, images=12, dets=60, levels=9):
    """Random detections, many of them tied, some on lesions."""
    rng = np.random.default_rng(seed)
    lesions = np.arange(images + images // 2) % images
    corner = np.arange(len(lesions))[:, None] * [40.0, 0.0]
    lesion_boxes = np.hstack([corner, corner + 20])
    pick = rng.integers(len(lesions), size=dets)
    boxes = lesion_boxes[pick].copy()
    away = rng.random(dets) < 0.6
    boxes[away] += 1000 + rng.random((away.sum(), 1)) * 900
    scores = rng.integers(levels, size=dets) / levels
    return match(
        boxes, scores, lesions[pick], lesion_boxes, lesions, np.arange(images)
    )


@given(st.integers(0, 10_000), st.data())
def test_figures_are_those_of_the_whole_curve(seed, data):
    matched = matched_of(seed, levels=data.draw(st.integers(1, 30)))
    weights = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=12, max_size=12))
    )
    found = RankedDetections.of(matched).figures(RATES, weights)
    if weights.sum() == 0:
        assert np.isnan(found).all()
        return
    curve = froc_curve(matched, weights)
    assert found[:-1].tolist() == sensitivity_at(curve, RATES).tolist()
    mean = sensitivity_at(curve, MEAN_FP_RATES).mean()
    assert found[-1] == pytest.approx(mean, abs=1e-15)


def test_figures_of_some_lesions():
    # Image 0: its lesion is found first; image 1: after one FP; 2: never.
    matched = match(
        [[0, 0, 9, 9], [50, 50, 59, 59], [0, 0, 9, 9]],
        [0.9, 0.8, 0.7],
        [0, 1, 1],
        [[0, 0, 9, 9]] * 3,
        [0, 1, 2],
        [0, 1, 2],
    )
    ranked, once = RankedDetections.of(matched), np.ones(3)
    # One FP on three images: at 0 FPs one of three, at 1 two of three.
    assert ranked.figures([0, 1], once)[:2] == pytest.approx([1 / 3, 2 / 3])
    of_second = ranked.figures([0, 1], once, np.array([False, True, False]))
    assert of_second[:2].tolist() == [0, 1]
    nothing = ranked.figures([0, 1], once, np.zeros(3, dtype=bool))
    assert np.isnan(nothing).all()


def test_strata_are_rows():
    ranked, once = RankedDetections.of(matched_of(8)), np.ones(12)
    masks = np.array([np.ones(18), np.arange(18) < 7, np.zeros(18)]) > 0
    rows = ranked.figures(RATES, once, masks)
    assert rows.shape == (3, 5)
    for row, mask in zip(rows, masks, strict=True):
        assert row == pytest.approx(
            ranked.figures(RATES, once, mask), nan_ok=True
        )
    samples = bootstrap(
        [ranked], np.ones((1, 12), dtype=int), RATES, strata=masks
    )
    assert samples[0, 0] == pytest.approx(rows, nan_ok=True)


def test_the_largest_sensitivity():
    matched = matched_of(9)
    curve = froc_curve(matched)
    maximum, fps = RankedDetections.of(matched).max_sensitivity(12)
    assert maximum == curve.sensitivity[-1]
    first = np.searchsorted(curve.sensitivity, maximum)
    assert fps == curve.fps_per_image[first]


def test_without_false_positives_the_last_sensitivity_is_held():
    matched = match(
        [[0, 0, 9, 9]], [0.5], [0], [[0, 0, 9, 9]] * 2, [0, 1], [0, 1]
    )
    figures = RankedDetections.of(matched).figures([0, 4], np.ones(2))
    assert figures.tolist() == [0.5, 0.5, 0.5]


def test_patients_are_drawn_whole():
    patients = ['b', 'a', 'b', 'c', 'a']
    weights = patient_weights(patients, 200, seed=1)
    assert weights.shape == (200, 5)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    # Three patients are drawn each time.
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert (weights == patient_weights(patients, 200, seed=1)).all()
    assert (weights != patient_weights(patients, 200, seed=2)).any()


@pytest.mark.parametrize(
    ('patients', 'number', 'match_'),
    [
        ([], 5, 'one id for each image'),
        ([[1, 2]], 5, r'got shape \(1, 2\)'),
        ([1, 2], 0, '`num_resamples` must be 1 or more, but got 0'),
    ],
)
def test_wrong_weights(patients, number, match_):
    with pytest.raises(ValueError, match=match_):
        patient_weights(patients, number)


def test_bootstrap_agrees_with_the_normal_theory_of_a_share():
    # 400 patients with one lesion each, 100 found and no FP: the standard
    # error of the share is sqrt(0.25 * 0.75 / 400).
    count = 400
    boxes = np.tile([[0, 0, 9, 9]], (count, 1))
    found = np.arange(100)
    matched = match(
        boxes[:100], np.ones(100), found, boxes, np.arange(count),
        np.arange(count),
    )  # fmt: skip
    weights = patient_weights(np.arange(count), 2000)
    samples = bootstrap([RankedDetections.of(matched)], weights, [1.0])
    assert samples.shape == (2000, 1, 1, 2)
    samples = samples[:, :, 0]
    error = np.sqrt(0.25 * 0.75 / count)
    assert samples[:, 0, 0].std() == pytest.approx(error, rel=0.06)
    low, high = interval(samples[:, 0, 0])
    assert low == pytest.approx(0.25 - 1.96 * error, abs=0.006)
    assert high == pytest.approx(0.25 + 1.96 * error, abs=0.006)


def test_runs_see_the_same_draw():
    ranked = RankedDetections.of(matched_of(3))
    weights = patient_weights(np.arange(12), 50)
    samples = bootstrap([ranked, ranked], weights, RATES)
    assert (samples[:, 0] == samples[:, 1]).all()
    assert samples[:, 0, 0, 1].std() > 0


def test_each_run_has_its_own_figures():
    runs = [RankedDetections.of(matched_of(seed)) for seed in (1, 2)]
    weights = patient_weights(np.arange(12), 5)
    samples = bootstrap(runs, weights, RATES)
    for column, run in enumerate(runs):
        for row, drawn in zip(samples, weights, strict=True):
            assert (
                row[column, 0].tolist() == run.figures(RATES, drawn).tolist()
            )


def test_interval_leaves_out_what_is_undefined():
    samples = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, np.nan]])
    low, high = interval(samples, 0.5)
    assert (low[0], high[0]) == (1.25, 1.75)
    assert np.isnan([low[1], high[1]]).all()
    with pytest.raises(ValueError, match=r'`level`.*got 1'):
        interval(samples, 1)


def test_a_method_against_itself():
    ranked = RankedDetections.of(matched_of(4))
    p_values = permutation_p_values(
        [ranked], [ranked], np.arange(12), RATES, num_permutations=20
    )
    assert p_values.tolist() == [1.0] * 5


def shares(found):
    """A method without FPs that finds these of twelve lesions."""
    found = np.flatnonzero(found)
    boxes = np.tile([[0, 0, 9, 9]], (12, 1))
    return RankedDetections.of(
        match(
            boxes[: len(found)],
            np.linspace(0.5, 0.9, len(found)),
            found,
            boxes,
            np.arange(12),
            np.arange(12),
        )
    )


def test_p_value_of_a_sign_test():
    # The first finds eight lesions that the second misses, the second one
    # that the first misses: two-sided sign test, 20 / 512.
    first = shares([1] * 8 + [0, 0, 0, 0])
    second = shares([0] * 8 + [1, 0, 0, 0])
    p_values = permutation_p_values(
        [first], [second], np.arange(12), [1.0], num_permutations=4000
    )
    assert p_values == pytest.approx([20 / 512] * 2, abs=0.012)


def test_patients_change_places_whole():
    # The same in one patient: only two outcomes, both as far from 0.
    first, second = shares([1] * 8 + [0] * 4), shares([0] * 12)
    p_values = permutation_p_values(
        [first], [second], ['one'] * 12, [1.0], num_permutations=30
    )
    assert p_values.tolist() == [1, 1]


@given(st.integers(0, 1000))
def test_exchanging_keeps_each_methods_own_curve(seed):
    from mmuldor.evaluation.comparison.resampling import _Exchange

    a, b = (
        RankedDetections.of(matched_of(seed)),
        RankedDetections.of(matched_of(seed + 1)),
    )
    once, rates = np.ones(12), [*RATES, *MEAN_FP_RATES]
    expected = a.figures(RATES, once) - b.figures(RATES, once)
    pair = _Exchange(a, b, 12)
    none, every = np.zeros(12, dtype=bool), np.ones(12, dtype=bool)
    assert pair.difference(none, rates) == pytest.approx(expected)
    assert pair.difference(every, rates) == pytest.approx(-expected)


def test_the_test_needs_pairs():
    ranked = RankedDetections.of(matched_of(5))
    with pytest.raises(ValueError, match=r'equally many runs.*got 1 and 2'):
        permutation_p_values([ranked], [ranked] * 2, np.arange(12), RATES)
    with pytest.raises(ValueError, match=r'`num_permutations`.*got 0'):
        permutation_p_values(
            [ranked], [ranked], np.arange(12), RATES, num_permutations=0
        )
