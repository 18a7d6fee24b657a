import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmuldor.functional.froc import (
    FROCCurve,
    froc_curve,
    sensitivity_at,
    summarize,
)
from mmuldor.functional.matching import match
from tests.support import froc_points
from tests.support.froc_points import match_rows
from tests.support.published import lesions_of_test_split, published_detections

# Ten by ten pixels; HALF covers half of it exactly, FAR touches nothing.
LESION = [0, 0, 9, 9]
HALF = [0, 0, 9, 4]
ALMOST_HALF = [0, 0, 9, 3]
FAR = [100, 100, 109, 109]
RATES = [0, 0.3, 0.5, 1, 2, 3.7, 8]


def curve_points(dets, lesions, images, tiers=None):
    """Rows (image, box, score) and (image, box) -> points of the curve."""
    return froc_points.curve_points(
        match_rows(match, dets, lesions, images, det_tiers=tiers)
    )


def is_hit(a, b):
    """Whether two boxes of pixels overlap by an IoU of a half."""
    width = min(a[2], b[2]) - max(a[0], b[0]) + 1
    height = min(a[3], b[3]) - max(a[1], b[1]) + 1
    inter = max(width, 0) * max(height, 0)
    area_a = (a[2] - a[0] + 1) * (a[3] - a[1] + 1)
    area_b = (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
    return inter / (area_a + area_b - inter) >= 0.5


IMAGES = [3, 8, 1, 20]
small_box = st.builds(
    lambda x, y, w, h: [x, y, x + w, y + h],
    *[st.integers(0, 8)] * 2,
    *[st.integers(2, 8)] * 2,
)
lesion_rows = st.lists(
    st.tuples(st.sampled_from(IMAGES), small_box), min_size=1, max_size=8
)
det_rows = st.lists(
    st.tuples(
        st.sampled_from(IMAGES), small_box, st.sampled_from([0.1, 0.2, 0.5, 3])
    ),
    max_size=15,
)


def test_two_images_by_hand():
    lesions = [(1, LESION), (2, LESION)]
    dets = [(1, LESION, 0.9), (2, FAR, 0.8), (2, HALF, 0.7), (1, FAR, 0.6)]
    # found first; false positive; found at IoU 0.5 exactly; false positive
    assert curve_points(dets, lesions, [1, 2]) == [
        (0, 0),
        (0, 0.5),
        (0.5, 0.5),
        (0.5, 1),
        (1, 1),
    ]


def test_below_half_is_a_false_positive():
    points = curve_points([(1, ALMOST_HALF, 1)], [(1, LESION)], [1])
    assert points[-1] == (1, 0)


def test_second_hit_is_neither():
    dets = [(1, LESION, 0.9), (1, HALF, 0.8), (1, LESION, 0.7)]
    assert curve_points(dets, [(1, LESION)], [1])[1:] == [(0, 1)] * 3


def test_one_box_hits_several_lesions():
    lesions = [(1, LESION), (1, [0, 1, 9, 10])]
    assert curve_points([(1, LESION, 0.5)], lesions, [1])[-1] == (0, 1)


def test_a_box_of_another_image_is_no_hit():
    dets = [(2, LESION, 0.5)]
    assert curve_points(dets, [(1, LESION)], [1, 2])[-1] == (0.5, 0)


def test_tied_scores_are_one_step():
    dets = [(1, FAR, 0.5), (1, LESION, 0.5)]
    assert curve_points(dets, [(1, LESION)], [1]) == [(0, 0), (1, 1)]


def test_interpolation_by_hand():
    curve = FROCCurve(np.array([0, 0, 1, 1, 3]), np.array([0, 0.2, 0.4, 1, 1]))
    rates = [0, 0.5, 1, 2, 3, 16]
    assert sensitivity_at(curve, rates).tolist() == pytest.approx(
        [0.2, 0.3, 1, 1, 1, 1]
    )


def test_summary_by_hand():
    # One point every FP an image: 0.1 more each, up to 0.9 at 9, then flat.
    x = np.arange(13.0)
    summary = summarize(FROCCurve(x, np.minimum(x / 10, 0.9)))
    assert summary.sensitivity == pytest.approx(
        (0.05, 0.1, 0.2, 0.4, 0.5, 0.8, 0.9)
    )
    assert summary.mean == pytest.approx((0.05 + 0.1 + 0.2 + 0.4) / 4)
    assert (summary.max_sensitivity, summary.fps_at_max) == (0.9, 9)


def test_mean_does_not_depend_on_the_rates_asked_for():
    curve = FROCCurve(np.arange(20.0), np.arange(20.0) / 20)
    assert summarize(curve, [3]).mean == summarize(curve).mean
    assert summarize(curve, [0, 3]).sensitivity == pytest.approx((0, 0.15))
    assert str(summarize(curve, [0, 3]).fp_rates) == '(0.0, 3.0)'


def test_no_detections():
    assert curve_points([], [(1, LESION)], [1, 2]) == [(0, 0)]
    curve = FROCCurve(np.zeros(1), np.zeros(1))
    assert summarize(curve).max_sensitivity == 0


def test_images_without_lesions_count():
    dets = [(2, FAR, 0.9), (1, LESION, 0.8)]
    assert curve_points(dets, [(1, LESION)], [1, 2, 3, 4])[-1] == (0.25, 1)


def test_no_lesions():
    message = r'^sensitivity needs .* lesion, but the 2 images have none\.$'
    with pytest.raises(ValueError, match=message):
        curve_points([(1, FAR, 0.9)], [], [1, 2])


def test_no_images():
    with pytest.raises(ValueError, match=r'^a FROC .* image, but got 0\.$'):
        curve_points([], [], [])


@given(det_rows, lesion_rows)
def test_equals_the_definition(dets, lesions):
    expected = froc_points.slow_points(dets, lesions, IMAGES, is_hit)
    assert curve_points(dets, lesions, IMAGES) == expected


@given(det_rows, lesion_rows, st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_images_do_not_matter(dets, lesions, rng):
    expected = curve_points(dets, lesions, IMAGES)
    names = dict(zip(IMAGES, rng.sample(range(100), 4), strict=True))
    dets = [(names[image], *rest) for image, *rest in dets]
    lesions = [(names[image], *rest) for image, *rest in lesions]
    images = list(names.values())
    for rows in (dets, lesions, images):
        rng.shuffle(rows)
    assert curve_points(dets, lesions, images) == expected


@given(det_rows, lesion_rows)
def test_curve_never_falls(dets, lesions):
    points = np.array(curve_points(dets, lesions, IMAGES))
    assert (np.diff(points, axis=0) >= 0).all()
    curve = FROCCurve(*points.T)
    assert (np.diff(sensitivity_at(curve, RATES)) >= 0).all()


@given(det_rows, lesion_rows, st.sampled_from([0.05, 0.2, 5]))
def test_one_more_false_positive_never_raises(dets, lesions, score):
    def at_rates(rows):
        points = np.array(curve_points(rows, lesions, IMAGES))
        return sensitivity_at(FROCCurve(*points.T), RATES)

    before = at_rates(dets)
    after = at_rates([*dets, (IMAGES[0], FAR, score)])
    assert (after <= before + 1e-12).all()
    if score < 0.1:
        assert after[-1] == before[-1]


@given(det_rows, lesion_rows, st.lists(st.integers(0, 3), min_size=4))
def test_weights_count_an_image_as_often(dets, lesions, draws):
    weights = np.array(draws[:4])
    copies = [
        (image, 100 * image + k)
        for image, weight in zip(IMAGES, weights, strict=True)
        for k in range(weight)
    ]
    many_lesions = [
        (copy, box)
        for image, copy in copies
        for other, box in lesions
        if other == image
    ]
    assume(many_lesions)
    many_dets = [
        (copy, *rest)
        for image, copy in copies
        for other, *rest in dets
        if other == image
    ]
    expected = curve_points(many_dets, many_lesions, [c for _, c in copies])
    matched = match_rows(match, dets, lesions, IMAGES)
    curve = froc_curve(matched, weights)
    found = zip(curve.fps_per_image, curve.sensitivity, strict=True)
    # Steps of images that were not drawn repeat the point before.
    assert sorted(set(found)) == sorted(set(expected))


@pytest.mark.parametrize('rates', [[-1], [np.nan], [np.inf]])
def test_wrong_rates(rates):
    curve = FROCCurve(np.zeros(1), np.zeros(1))
    message = (
        rf'^`fp_rates` must be finite and 0 .* got \[{float(*rates)}\]\.$'
    )
    with pytest.raises(ValueError, match=message):
        sensitivity_at(curve, rates)


@pytest.mark.parametrize(
    'rates', [[], [1, 1], [2, 1], 4, [-1], [np.nan], [np.inf]]
)
def test_summary_rates_must_rise(rates):
    message = (
        '^`fp_rates` must be finite, 0 or more and strictly increasing, but '
        f'got {re.escape(str(rates))}.$'
    )
    with pytest.raises(ValueError, match=message):
        summarize(FROCCurve(np.zeros(1), np.zeros(1)), rates)


@pytest.mark.parametrize(
    ('weights', 'text'),
    [
        ([1], r'have the shape \(2,\), one an image, but got \(1,\)\.'),
        ([1, -1], r'be finite and 0 or more\.'),
        ([1, np.nan], r'be finite and 0 or more\.'),
    ],
)
def test_wrong_weights(weights, text):
    matched = match_rows(match, [(2, FAR, 0.8)], [(1, LESION)], [1, 2])
    with pytest.raises(ValueError, match=f'^`image_weights` must {text}$'):
        froc_curve(matched, weights)


def test_fp_class_ranks_last_whatever_its_score():
    lesions = [(1, LESION), (1, FAR)]
    dets = [(1, FAR, 0.99), (1, [50, 50, 60, 60], 0.2), (1, LESION, 0.1)]
    points = curve_points(dets, lesions, [1], tiers=[1, 0, 0])
    assert points == [(0, 0), (1, 0), (1, 0.5), (1, 1)]


def test_equal_scores_of_two_classes_are_two_steps():
    dets = [(1, FAR, 0.5), (1, LESION, 0.5)]
    points = curve_points(dets, [(1, LESION)], [1], tiers=[1, 0])
    assert points == [(0, 0), (0, 1), (1, 1)]


def test_fp_class_close_scores_keep_their_order():
    low = 0.5
    high = np.nextafter(low, 1)
    dets = [(1, FAR, low), (1, LESION, high)]
    points = curve_points(dets, [(1, LESION)], [1], tiers=[1, 1])
    assert points == [(0, 0), (0, 1), (1, 1)]


def test_published_detections(real_data):
    names, dets = published_detections(real_data)
    position = {name: i for i, name in enumerate(dict.fromkeys(names))}
    clean = [
        (position[name], box)
        for name, box, noisy in lesions_of_test_split(real_data)
        if not noisy
    ]
    images, lesions = zip(*clean, strict=True)
    matched = match(
        dets[:, :4],
        dets[:, 4],
        [position[name] for name in names],
        lesions,
        images,
        np.arange(len(position)),
    )
    summary = summarize(froc_curve(matched), [0.5, 1, 2, 4, 8, 16])
    assert [f'{value:.8f}' for value in summary.sensitivity] == [
        '0.61135993',
        '0.71192997',
        '0.79458469',
        '0.84425896',
        '0.87601792',
        '0.89617264',
    ]
