import numpy as np
import pytest

from mmuldor.functional import matching
from mmuldor.functional.froc import FROCCurve
from mmuldor.functional.matching import (
    append_fp_class,
    drop_noisy,
    match,
    match_boxes,
)

# Ten by ten pixels; HALF covers half of it exactly, FAR touches nothing.
LESION = [0, 0, 9, 9]
HALF = [0, 0, 9, 4]
ALMOST_HALF = [0, 0, 9, 3]
FAR = [100, 100, 109, 109]


def test_widths_are_inclusive_unless_asked_otherwise():
    # 10 x 5 of 10 x 10 pixels; as edges 9 x 4 of 9 x 9.
    inputs = ([HALF], [1.0], [1], [LESION], [1], [1])
    assert not match(*inputs).det_is_fp[0]
    assert match(*inputs, inclusive=False).det_is_fp[0]


def test_threshold_is_an_argument():
    inputs = ([ALMOST_HALF], [1.0], [1], [LESION], [1], [1])
    assert not match(*inputs, iou_thr=0.4).det_is_fp[0]


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


def test_scores_and_ids_are_those_of_the_input():
    matched = match([FAR, LESION], [0.25, 0.5], [9, 4], [], [], [4, 9])
    assert matched.image_ids.tolist() == [4, 9]
    assert matched.det_image.tolist() == [1, 0]
    assert matched.det_score.tolist() == [0.25, 0.5]
    assert matched.det_step.tolist() == [1, 0]
    assert matched.lesion_detection.shape == matched.lesion_step.shape == (0,)


def test_pairs_are_compared_in_blocks(monkeypatch):
    # Detections and lesions of an image: 3 x 2, 1 x 2, 2 x 0, 1 x 9 pairs.
    det_images = [0, 0, 0, 1, 2, 2, 3]
    lesion_images = [3] * 9 + [0, 1] * 2
    sizes = []

    def hits(dets, lesions):
        assert (dets == lesions).all()
        sizes.append(len(dets))
        return np.ones(len(dets), dtype=bool)

    def sizes_of_blocks():
        sizes.clear()
        # A box is the number of its image.
        matched = match_boxes(
            *(np.array(det_images, float)[:, None], np.arange(7.0)),
            *(det_images, np.array(lesion_images, float)[:, None]),
            *(lesion_images, np.arange(4), hits),
        )
        assert matched.det_is_fp.tolist() == [False] * 4 + [True] * 2 + [False]
        # The last of those that hit has the highest score.
        assert matched.lesion_detection.tolist() == [6] * 9 + [2, 3] * 2
        return list(sizes)

    assert sizes_of_blocks() == [17]
    for block, expected in ((8, [8, 9]), (7, [6, 2, 9]), (4, [4, 4, 9])):
        monkeypatch.setattr(matching, 'BLOCK', block)
        assert sizes_of_blocks() == expected


def test_many_equal_tiers_keep_the_order_of_scores():
    # 100 of tier 1 and 100 of tier 0 by turns, scores falling.
    count = 200
    matched = match(
        *([FAR] * count, np.linspace(1, 0, count), [1] * count),
        *([LESION], [1], [1]),
        det_tiers=np.tile([1, 0], count // 2),
    )
    expected = np.empty(count, int)
    expected[1::2], expected[::2] = np.arange(100), np.arange(100, 200)
    assert matched.det_step.tolist() == expected.tolist()
    assert matched.num_steps == count


def test_append_fp_class_counts_inclusive_widths():
    # 0.5 of ten by ten pixels; as edges 9 x 4 of 9 x 9, 0.44.
    boxes, images = [LESION, HALF], [1, 1]
    is_fp = np.array([False, True])
    options = {'nms_iou': 0.49}
    assert append_fp_class(boxes, images, is_fp, **options)[0].tolist() == [0]
    rows, tiers = append_fp_class(
        boxes, images, is_fp, inclusive=False, **options
    )
    assert rows.tolist() == [0, 1]
    assert tiers.tolist() == [0, 1]
    assert tiers.dtype == np.int64


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (
            lambda: append_fp_class([LESION], [1], np.array([[True]])),
            '`is_fp_class` must be bool of shape (1,), but got bool of shape '
            '(1, 1).',
        ),
        (
            lambda: append_fp_class([LESION], [1, 2], np.array([True])),
            '`images` must have the shape (1,), but got (2,).',
        ),
        (
            lambda: append_fp_class([LESION], [1], [True], nms_iou=0),
            '`nms_iou` must lie in (0, 1], but got 0.',
        ),
        (
            lambda: match(**{**GOOD, 'iou_thr': 1.01}),
            '`iou_thr` must lie in (0, 1], but got 1.01.',
        ),
        (
            lambda: match(**GOOD, det_tiers=[1]),
            '`det_tiers` must have the shape (2,), but got (1,).',
        ),
        (
            lambda: match(**{**GOOD, 'lesion_images': [7]}),
            '`lesion_images` must be ids in `images`, but entry 0 is 7.',
        ),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(ValueError, match='must') as caught:
        call()
    assert str(caught.value) == message


def test_curves_are_equal_in_both_axes():
    x, y = np.array([0, 1, 2.0]), np.array([0, 0.5, 1])
    others = [FROCCurve(x.copy(), y.copy()), FROCCurve(2 * x, y)]
    others += [FROCCurve(x, 2 * y), FROCCurve(x[:2], y[:2])]
    same = [FROCCurve(x, y).equals(other) for other in others]
    assert same == [True, False, False, False]


def test_an_iou_of_1_may_be_asked_for():
    inputs = ([LESION, HALF], [0.9, 0.8], [1, 1], [LESION], [1], [1])
    assert match(*inputs, iou_thr=1).det_is_fp.tolist() == [False, True]
