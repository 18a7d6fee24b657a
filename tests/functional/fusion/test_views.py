import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.boxes import pairwise_iou
from mmuldor.functional.fusion.views import fuse_group, group_views


def test_one_lesion_in_three_views_is_one():
    boxes = [[10, 10, 20, 20], [11, 10, 21, 20], [40, 40, 50, 50]]
    groups = group_views(boxes, [0.5, 0.9, 0.7], [0, 1, 2])
    assert [group.tolist() for group in groups] == [[1, 0], [2]]


def test_two_detections_of_one_view_stay_two():
    boxes = [[10, 10, 20, 20], [10, 10, 20, 20], [10, 10, 20, 20]]
    groups = group_views(boxes, [0.9, 0.8, 0.7], [0, 0, 1])
    assert [group.tolist() for group in groups] == [[0, 2], [1]]


@given(st.data())
def test_every_detection_is_in_one_group(data):
    count = data.draw(st.integers(0, 12))
    rng = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    corner = rng.uniform(0, 20, (count, 2))
    boxes = np.hstack([corner, corner + rng.uniform(5, 15, (count, 2))])
    scores, views = rng.random(count), rng.integers(0, 3, count)
    groups = group_views(boxes, scores, views, iou_thr=0.4)
    rows = [row for group in groups for row in group.tolist()]
    assert sorted(rows) == list(range(count))
    firsts = [scores[group[0]] for group in groups]
    assert firsts == sorted(firsts, reverse=True)
    overlaps = pairwise_iou(boxes, boxes, inclusive=False)
    for group in groups:
        assert len(set(views[group])) == len(group)
        assert (overlaps[group[0], group] >= 0.4).all()
        assert scores[group[0]] == scores[group].max()


def test_boxes_are_weighed_and_scores_averaged_over_all_views():
    box, score = fuse_group(
        np.array([[0.0, 0, 10, 10], [4, 4, 14, 14]]), np.array([0.9, 0.3]), 4
    )
    assert box.tolist() == pytest.approx([1, 1, 11, 11])
    assert score == pytest.approx(0.3)


def test_a_threshold_out_of_range_is_an_error():
    with pytest.raises(ValueError, match='iou_thr'):
        group_views(np.zeros((0, 4)), [], [], iou_thr=0)


def test_a_detection_joins_the_nearest_group():
    # 72 of 128 px in common with the first, 81 of 119 with the second.
    boxes = [[0, 0, 10, 10], [3, 2, 13, 12], [2, 1, 12, 11]]
    groups = group_views(boxes, [0.9, 0.8, 0.7], [0, 0, 1])
    assert [group.tolist() for group in groups] == [[0], [1, 2]]
    # Of two of a view the higher one joins, the other is a group.
    groups = group_views(boxes, [0.7, 0.8, 0.9], [1, 1, 0])
    assert [group.tolist() for group in groups] == [[2, 1], [0]]
    # Exactly at the threshold is near; edges, not pixels: 50 of 100.
    half = [[0, 0, 10, 10], [0, 0, 10, 5]]
    for threshold, number in ((0.5, 1), (0.51, 2)):
        groups = group_views(half, [0.9, 0.8], [0, 1], iou_thr=threshold)
        assert len(groups) == number
    assert len(group_views(half, [0.9, 0.8], [0, 1])) == 1


def test_many_equal_scores_are_taken_in_their_order():
    # Far apart, so that each is a group of its own.
    corner = np.arange(100.0)[:, None] * 20
    boxes = np.hstack([corner, corner, corner + 5, corner + 5])
    groups = group_views(boxes, np.full(100, 0.5), [0] * 100)
    assert [int(group[0]) for group in groups] == list(range(100))


def test_the_wrong_argument_is_named():
    with pytest.raises(ValueError, match='scores') as caught:
        group_views([[0, 0, 1, 1]], [0.5, 0.5], [0])
    assert str(caught.value) == (
        '`scores` must have the shape (1,), but got (2,).'
    )
    with pytest.raises(ValueError, match='boxes` must be finite x1 y1 x2 y2'):
        group_views([[2, 0, 1, 1]], [0.5], [0])
