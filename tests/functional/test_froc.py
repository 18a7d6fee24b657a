import csv

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmuldor.functional import matching
from mmuldor.functional.froc import (
    FROCCurve,
    append_fp_class,
    drop_noisy,
    froc_curve,
    match,
    sensitivity_at,
    summarize,
)

# Ten by ten pixels; HALF covers half of it exactly, FAR touches nothing.
LESION = [0, 0, 9, 9]
HALF = [0, 0, 9, 4]
ALMOST_HALF = [0, 0, 9, 3]
FAR = [100, 100, 109, 109]
RATES = [0, 0.3, 0.5, 1, 2, 3.7, 8]


def curve_points(dets, lesions, images, tiers=None):
    """Rows (image, box, score) and (image, box) -> points of the curve."""
    matched = match(
        [box for _, box, _ in dets],
        [score for *_, score in dets],
        [image for image, *_ in dets],
        [box for _, box in lesions],
        [image for image, _ in lesions],
        images,
        det_tiers=tiers,
    )
    curve = froc_curve(matched)
    return list(
        zip(
            curve.fps_per_image.tolist(),
            curve.sensitivity.tolist(),
            strict=True,
        )
    )


def slow_points(dets, lesions, images):
    """The same by the definition: every threshold anew, one box at a time."""

    def iou(a, b):
        width = min(a[2], b[2]) - max(a[0], b[0]) + 1
        height = min(a[3], b[3]) - max(a[1], b[1]) + 1
        inter = max(width, 0) * max(height, 0)
        area_a = (a[2] - a[0] + 1) * (a[3] - a[1] + 1)
        area_b = (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
        return inter / (area_a + area_b - inter)

    points = [(0.0, 0.0)]
    for threshold in sorted({score for *_, score in dets}, reverse=True):
        found, fps = set(), 0
        for image, box, score in dets:
            if score < threshold:
                continue
            hits = {
                index
                for index, (other, lesion) in enumerate(lesions)
                if other == image and iou(box, lesion) >= 0.5
            }
            found |= hits
            fps += not hits
        points.append((fps / len(images), len(found) / len(lesions)))
    return points


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
    assert curve_points([(1, ALMOST_HALF, 1)], [(1, LESION)], [1])[-1] == (
        1,
        0,
    )


def test_widths_are_inclusive_unless_asked_otherwise():
    # 10 x 5 of 10 x 10 pixels; as edges 9 x 4 of 9 x 9.
    inputs = ([HALF], [1.0], [1], [LESION], [1], [1])
    assert not match(*inputs).det_is_fp[0]
    assert match(*inputs, inclusive=False).det_is_fp[0]


def test_threshold_is_an_argument():
    inputs = ([ALMOST_HALF], [1.0], [1], [LESION], [1], [1])
    assert not match(*inputs, iou_thr=0.4).det_is_fp[0]


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


def test_matched_names_the_best_detection():
    matched = match(
        [HALF, LESION, LESION, FAR],
        [0.2, 0.7, 0.7, 0.9],
        [5] * 4,
        [LESION, FAR, LESION],
        [5, 6, 6],
        [6, 5],
    )
    assert matched.lesion_detection.tolist() == [1, -1, -1]
    assert matched.lesion_step.tolist() == [1, 3, 3]
    assert matched.num_steps == 3
    assert matched.det_step.tolist() == [2, 1, 1, 0]
    assert matched.det_is_fp.tolist() == [False, False, False, True]
    assert matched.det_image.tolist() == [1, 1, 1, 1]
    assert matched.lesion_image.tolist() == [1, 0, 0]


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
    assert summarize(curve, [3]).sensitivity == pytest.approx((0.15,))


def test_no_detections():
    assert curve_points([], [(1, LESION)], [1, 2]) == [(0, 0)]
    curve = FROCCurve(np.zeros(1), np.zeros(1))
    assert summarize(curve).max_sensitivity == 0


def test_images_without_lesions_count():
    dets = [(2, FAR, 0.9), (1, LESION, 0.8)]
    assert curve_points(dets, [(1, LESION)], [1, 2, 3, 4])[-1] == (0.25, 1)


def test_no_lesions():
    with pytest.raises(ValueError, match='at least one lesion'):
        curve_points([(1, FAR, 0.9)], [], [1])


def test_no_images():
    with pytest.raises(ValueError, match='at least one image'):
        curve_points([], [], [])


@given(det_rows, lesion_rows)
def test_equals_the_definition(dets, lesions):
    expected = slow_points(dets, lesions, IMAGES)
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
    matched = match(
        [box for _, box, _ in dets],
        [score for *_, score in dets],
        [image for image, *_ in dets],
        [box for _, box in lesions],
        [image for image, _ in lesions],
        IMAGES,
    )
    curve = froc_curve(matched, weights)
    found = zip(curve.fps_per_image, curve.sensitivity, strict=True)
    # Steps of images that were not drawn repeat the point before.
    assert sorted(set(found)) == sorted(set(expected))


def test_blocks_do_not_change_the_result(monkeypatch):
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 20, (60, 2))
    boxes = np.concatenate([corners, corners + 12], axis=1)
    images = rng.integers(0, 5, 60)
    inputs = (boxes[:40], rng.random(40), images[:40])
    inputs += (boxes[40:], images[40:], np.arange(5))
    whole = match(*inputs)
    assert 0 < whole.det_is_fp.sum() < 40
    for block in (1, 7):
        monkeypatch.setattr(matching, 'BLOCK', block)
        parts = match(*inputs)
        assert np.array_equal(parts.det_is_fp, whole.det_is_fp)
        assert np.array_equal(parts.lesion_detection, whole.lesion_detection)


GOOD = {
    'det_boxes': [LESION, FAR],
    'det_scores': [0.9, 0.8],
    'det_images': [1, 2],
    'lesion_boxes': [LESION],
    'lesion_images': [1],
    'images': [1, 2],
}


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('det_boxes', [LESION, [0, 0, np.nan, 9]], '`det_boxes`.*box 1 is'),
        ('det_boxes', [LESION, [9, 0, 0, 9]], '`det_boxes`.*box 1 is'),
        ('lesion_boxes', [[0, 0, np.inf, 9]], '`lesion_boxes`.*box 0 is'),
        ('det_scores', [0.9, np.nan], 'score 1 is nan'),
        ('det_scores', [-np.inf, 0.9], 'score 0 is -inf'),
        ('det_scores', [0.9], r'`det_scores` must have the shape \(2,\)'),
        ('det_images', [1, 3], '`det_images`.*entry 1 is 3'),
        ('det_images', [[1, 2]], '`det_images` must have the shape'),
        ('lesion_images', [0], '`lesion_images`.*entry 0 is 0'),
        ('images', [1, 2, 2], '`images` must name each image once, but id 2'),
        ('images', [], '`det_images`.*entry 0 is 1'),
        ('iou_thr', 0, r'`iou_thr` must lie in \(0, 1\], but got 0'),
        ('iou_thr', float('nan'), '`iou_thr` must lie in'),
    ],
)
def test_wrong_values(field, value, message):
    with pytest.raises(ValueError, match=message):
        match(**{**GOOD, field: value})


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('det_boxes', [['a'] * 4] * 2, '`det_boxes` must be numbers'),
        ('det_scores', ['a', 'b'], '`det_scores` must be numbers'),
        ('det_images', [1.0, 2.0], '`det_images` must be integers'),
        ('images', ['1', '2'], '`images` must be integers'),
        ('det_tiers', [0.5, 1], '`det_tiers` must be integers'),
    ],
)
def test_wrong_types(field, value, message):
    with pytest.raises(TypeError, match=message):
        match(**{**GOOD, field: value})


@pytest.mark.parametrize('rates', [[-1], [np.nan], [np.inf]])
def test_wrong_rates(rates):
    curve = FROCCurve(np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match='`fp_rates` must be finite'):
        sensitivity_at(curve, rates)
    with pytest.raises(ValueError, match='`fp_rates` must be finite'):
        summarize(curve, rates)


@pytest.mark.parametrize('rates', [[], [1, 1], [2, 1], 4])
def test_summary_rates_must_rise(rates):
    with pytest.raises(ValueError, match='strictly increasing'):
        summarize(FROCCurve(np.zeros(1), np.zeros(1)), rates)


@pytest.mark.parametrize('weights', [[1], [1, -1], [1, np.nan]])
def test_wrong_weights(weights):
    with pytest.raises(ValueError, match='`image_weights` must'):
        froc_curve(match(**GOOD), weights)


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


def test_append_fp_class_suppresses_under_lesions_only():
    boxes = [LESION, HALF, [0, 0, 9, 5], LESION, LESION, FAR]
    images = [1, 1, 1, 2, 1, 1]
    is_fp = np.array([False, True, True, True, False, True])
    rows, tiers = append_fp_class(boxes, images, is_fp)
    # Row 1 has an IoU of exactly 0.5 with the lesion class and stays, row 2
    # of 0.6 goes, row 3 is on another image, row 4 is a lesion again.
    assert rows.tolist() == [0, 1, 3, 4, 5]
    assert tiers.tolist() == [0, 1, 1, 0, 1]


def test_append_fp_class_threshold():
    rows, _ = append_fp_class(
        [LESION, HALF], [1, 1], np.array([False, True]), nms_iou=0.4
    )
    assert rows.tolist() == [0]


def test_append_fp_class_without_detections():
    rows, tiers = append_fp_class([], [], np.zeros(0, dtype=bool))
    assert rows.shape == tiers.shape == (0,)


@pytest.mark.parametrize('is_fp', [[0, 1], np.zeros(3, dtype=bool)])
def test_append_fp_class_wrong_classes(is_fp):
    with pytest.raises(ValueError, match='`is_fp_class` must be bool'):
        append_fp_class([LESION, FAR], [1, 1], is_fp)


def test_append_fp_class_wrong_threshold():
    with pytest.raises(ValueError, match='`nms_iou` must lie in'):
        append_fp_class([LESION], [1], np.array([True]), nms_iou=2)


def test_drop_noisy():
    # Image 1 keeps a lesion, 2 loses its only one, 3 never had any.
    keep_images, keep_lesions = drop_noisy(
        [1, 2, 3], [1, 1, 2], [True, False, True]
    )
    assert keep_images.tolist() == [True, False, True]
    assert keep_lesions.tolist() == [False, True, False]


def test_published_detections(real_data):
    stored = np.load(
        real_data / 'froc' / '3dce_3slice_test_detections.npz',
        allow_pickle=False,
    )
    position = {str(name): i for i, name in enumerate(stored['names'])}
    lesions, images = [], []
    with open(real_data / 'deeplesion_sample' / 'DL_info.csv') as file:
        for row in csv.DictReader(file):
            if row['Train_Val_Test'] == '3' and row['Possibly_noisy'] == '0':
                name = row['File_name']
                images.append(position[f'{name[:12]}/{name[13:]}'])
                box = row['Bounding_boxes'].split(',')
                lesions.append([float(value) - 1 for value in box])
    dets = stored['dets'].astype(np.float64)
    matched = match(
        dets[:, :4],
        dets[:, 4],
        np.repeat(np.arange(len(position)), stored['counts']),
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
