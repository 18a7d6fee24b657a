import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mmuldor.functional.froc import froc_curve, sensitivity_at
from mmuldor.functional.matching_3d import HIT_RULES, match_volumes
from tests.support.froc_points import curve_points, match_rows, slow_points

BALL = [0, 0, 0, 10, 10, 10]


def slow_hit(found, lesion, rule, iou_thr):
    """The rules once more, a box at a time, from their words."""
    center = [(found[k] + found[k + 3]) / 2 for k in range(3)]
    middle = [(lesion[k] + lesion[k + 3]) / 2 for k in range(3)]
    if rule == 'center':
        return all(lesion[k] <= center[k] <= lesion[k + 3] for k in range(3))
    if rule == 'radius':
        longest = max(lesion[k + 3] - lesion[k] for k in range(3))
        square = sum((a - b) ** 2 for a, b in zip(center, middle, strict=True))
        return square**0.5 <= longest / 2
    inter = size = other = 1
    for k in range(3):
        inter *= max(
            min(found[k + 3], lesion[k + 3]) - max(found[k], lesion[k]), 0
        )
        size *= found[k + 3] - found[k]
        other *= lesion[k + 3] - lesion[k]
    union = size + other - inter
    return union > 0 and inter / union >= iou_thr


def matched(dets, lesions, volumes, **options):
    return match_rows(match_volumes, dets, lesions, volumes, **options)


@st.composite
def boxes(draw):
    low = [draw(st.integers(0, 6)) for _ in range(3)]
    return [*low, *(v + draw(st.integers(1, 5)) for v in low)]


VOLUMES = [3, 8, 1]
PLACES = st.sampled_from(VOLUMES)


@given(
    dets=st.lists(
        st.tuples(PLACES, boxes(), st.sampled_from([0.1, 0.5, 0.5, 0.9])),
        max_size=8,
    ),
    lesions=st.lists(st.tuples(PLACES, boxes()), min_size=1, max_size=5),
    rule=st.sampled_from(HIT_RULES),
    iou_thr=st.sampled_from([0.1, 0.3, 0.5]),
)
def test_like_the_definition(dets, lesions, rule, iou_thr):
    if rule == 'iou':
        # Exactly at the threshold, rounding decides.
        for a, box, _ in dets:
            for b, lesion in lesions:
                assume(
                    a != b
                    or slow_hit(box, lesion, rule, iou_thr + 1e-9)
                    == slow_hit(box, lesion, rule, iou_thr - 1e-9)
                )
    fast = curve_points(
        matched(dets, lesions, VOLUMES, hit=rule, iou_thr=iou_thr)
    )
    slow = slow_points(
        *(dets, lesions, VOLUMES),
        lambda box, lesion: slow_hit(box, lesion, rule, iou_thr),
    )
    assert np.allclose(fast, slow, rtol=0, atol=1e-12)


def test_by_hand():
    # Two volumes of three have a lesion each; the second has a second hit.
    lesions = [(3, BALL), (8, BALL)]
    off = [40, 0, 0, 50, 10, 10]
    dets = [
        (3, BALL, 0.9),
        (3, [0, 0, 0, 10, 10, 9], 0.8),
        (1, BALL, 0.7),
        (8, off, 0.6),
        (8, BALL, 0.5),
    ]
    curve = froc_curve(matched(dets, lesions, VOLUMES))
    assert curve.fps_per_image.tolist() == [0, 0, 0, 1 / 3, 2 / 3, 2 / 3]
    assert curve.sensitivity.tolist() == [0, 0.5, 0.5, 0.5, 0.5, 1]
    assert sensitivity_at(curve, [0.5, 1]).tolist() == [0.5, 1]


@pytest.mark.parametrize(
    ('box', 'hits'),
    [
        # A speck in the middle overlaps by 0.008.
        ([4, 4, 4, 6, 6, 6], ['center', 'radius']),
        # A speck in a corner of the box, outside of the ball in it.
        ([0, 0, 0, 2, 2, 2], ['center']),
        # Far too large.
        ([-30, -30, -30, 40, 40, 40], ['center', 'radius']),
        ([0, 0, 7, 10, 10, 14], ['iou']),
    ],
)
def test_rules_differ(box, hits):
    assert hits == [
        rule
        for rule in ('iou', 'center', 'radius')
        if not matched(
            [(3, box, 1.0)], [(3, BALL)], VOLUMES, hit=rule
        ).det_is_fp[0]
    ]


@pytest.mark.parametrize(
    ('change', 'error', 'match'),
    [
        ({'hit': 'touch'}, ValueError, r'`hit` must be one of iou, center'),
        ({'iou_thr': 0}, ValueError, r'`iou_thr` must lie in \(0, 1\]'),
        ({'det_scores': [np.nan]}, ValueError, r'`det_scores` must be finite'),
        ({'det_volumes': [7]}, ValueError, r'`det_volumes` must be ids'),
        ({'lesion_volumes': [0.5]}, TypeError, r'must be integers'),
        ({'det_boxes': [[0] * 4]}, ValueError, r'`det_boxes` must have'),
        ({'volumes': [3, 3]}, ValueError, r'each image once'),
    ],
)
def test_wrong_arguments(change, error, match):
    arguments = {
        'det_boxes': [BALL],
        'det_scores': [1.0],
        'det_volumes': [3],
        'lesion_boxes': [BALL],
        'lesion_volumes': [3],
        'volumes': [3],
    }
    match_volumes(**arguments)
    with pytest.raises(error, match=match):
        match_volumes(**{**arguments, **change})


@pytest.mark.parametrize(
    ('hit', 'box'),
    [
        # Half of the lesion's volume.
        ('iou', [0, 0, 0, 10, 10, 5]),
        # Its centre on a face and in a corner of the lesion's box.
        ('center', [-5, 0, 0, 5, 10, 10]),
        ('center', [5, 5, 5, 15, 15, 15]),
        ('radius', [5, 0, 0, 15, 10, 10]),
    ],
)
def test_exactly_at_the_limit_is_a_hit(hit, box):
    # 0.5 more misses: less than half, and a centre outside.
    for shift, missed in ((0, False), (0.5, True)):
        moved = np.array(box, float) + np.sign(np.subtract(box, BALL)) * shift
        found = matched(
            *([(3, moved, 1.0)], [(3, BALL)], VOLUMES), hit=hit, iou_thr=0.5
        )
        assert found.det_is_fp.tolist() == [missed]


def test_the_wrong_boxes_are_named():
    for name in ('det', 'lesion'):
        arguments = {
            **{'det_boxes': [BALL], 'lesion_boxes': [BALL]},
            **{'det_scores': [1.0], 'det_volumes': [3]},
            **{'lesion_volumes': [3], 'volumes': [3]},
            f'{name}_boxes': [[0] * 4],
        }
        with pytest.raises(ValueError, match=f'^`{name}_boxes` must have'):
            match_volumes(**arguments)
