import numpy as np
import pytest

from mmuldor.functional.boxes_3d import (
    centers_3d,
    check_boxes_3d,
    rowwise_iou_3d,
    transformed_boxes,
    without_repeats,
)

UNIT = [0, 0, 0, 2, 2, 2]


@pytest.mark.parametrize(
    ('other', 'iou'),
    [
        (UNIT, 1),
        ([1, 1, 1, 3, 3, 3], 1 / 15),
        ([0, 0, 0, 2, 2, 1], 0.5),
        ([2, 0, 0, 4, 2, 2], 0),
        ([5, 5, 5, 6, 6, 6], 0),
        ([1, 1, 1, 1, 1, 1], 0),
    ],
)
def test_iou_by_hand(other, iou):
    a, b = np.array([UNIT], float), np.array([other], float)
    assert rowwise_iou_3d(a, b)[0] == pytest.approx(iou)
    assert rowwise_iou_3d(b, a)[0] == pytest.approx(iou)


def test_two_points_have_no_overlap():
    point = np.ones((1, 6))
    assert rowwise_iou_3d(point, point)[0] == 0


def test_boxes_in_swapped_and_flipped_axes():
    matrix = np.array(
        [[0, 0, 2, 5], [-1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1.0]]
    )
    moved = transformed_boxes([[1, 2, 3, 4, 6, 9], UNIT], matrix)
    assert moved.tolist() == [
        [11, -4, 3, 23, -1, 7],
        [5, -2, 1, 9, 0, 3],
    ]
    assert transformed_boxes([], matrix).shape == (0, 6)


def test_a_turned_box_grows_around_its_corners():
    c = np.sqrt(0.5)
    turn = np.eye(4)
    turn[:2, :2] = [[c, -c], [c, c]]
    (box,) = transformed_boxes([[-1, -1, 0, 1, 1, 3]], turn)
    r = np.sqrt(2)
    assert box == pytest.approx([-r, -r, 0, r, r, 3])


@pytest.mark.parametrize(
    ('boxes', 'error', 'match'),
    [
        ([[0, 0, 0, 1, 1]], ValueError, r'shape \(n, 6\)'),
        ([UNIT, [0, 0, 3, 1, 1, 2]], ValueError, r'but box 1 is'),
        ([[0, 0, 0, 1, 1, np.nan]], ValueError, r'must be finite'),
        ([['a'] * 6], TypeError, r'must be numbers'),
    ],
)
def test_wrong_boxes(boxes, error, match):
    with pytest.raises(error, match=match):
        check_boxes_3d(boxes)


def test_what_overlaps_a_higher_one_is_left_out():
    # The second has 3 / 5 with the first; the third 1 / 3 with the second
    # and 1 / 7 with the first, so it stays: the second is not there.
    boxes = [[0, 0, 0, 4, 1, 1], [1, 0, 0, 5, 1, 1], [3, 0, 0, 7, 1, 1]]
    assert without_repeats(boxes, [0.9, 0.8, 0.7], 0.3).tolist() == [0, 2]
    assert without_repeats(boxes, [0.8, 0.9, 0.7], 0.3).tolist() == [1]
    assert without_repeats(boxes, [0.9, 0.8, 0.7], 0.6).tolist() == [0, 2]
    assert without_repeats(boxes, [0.9, 0.8, 0.7], 0.61).tolist() == [0, 1, 2]
    # The first of equal scores.
    assert without_repeats(boxes[:2], [0.5, 0.5], 0.3).tolist() == [0]
    assert without_repeats([], [], 0.3).tolist() == []
    assert without_repeats([], [], 0.3).dtype == np.int64


def test_repeats_need_a_score_for_each_box():
    with pytest.raises(ValueError, match='scores'):
        without_repeats([UNIT], [0.5, 0.6], 0.3)


def test_boxes_of_any_number_are_float64():
    for dtype in (np.float32, np.int16):
        assert check_boxes_3d(np.array([UNIT], dtype)).dtype == np.float64
    ready = np.array([UNIT], float)
    assert check_boxes_3d(ready) is ready
    assert check_boxes_3d([[1, 2, 3, 1, 2, 3]]).tolist() == [[1, 2, 3] * 2]


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (
            lambda: check_boxes_3d([UNIT, [0, 0, 3, 1, 1, 2]]),
            '`boxes` must be finite x1 y1 z1 x2 y2 z2 with x1 <= x2 and so '
            'on, but box 1 is [0, 0, 3, 1, 1, 2].',
        ),
        (
            lambda: check_boxes_3d([[1, 2]], 'lesions'),
            '`lesions` must have the shape (n, 6), but got (1, 2).',
        ),
        (
            lambda: without_repeats([UNIT], [0.5, 0.6], 0.3),
            '`scores` must have the shape (1,), but got (2,).',
        ),
        (
            lambda: without_repeats([UNIT], [np.nan], 0.3),
            '`scores` must be finite, but score 0 is nan.',
        ),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(ValueError, match='must') as caught:
        call()
    assert str(caught.value) == message


def test_centres_lie_halfway():
    boxes = np.array([[0, 1, 2, 4, 7, 12.0]])
    assert centers_3d(boxes).tolist() == [[2, 4, 7]]
