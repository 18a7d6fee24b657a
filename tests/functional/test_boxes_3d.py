import numpy as np
import pytest

from mmuldor.functional.boxes_3d import (
    check_boxes_3d,
    rowwise_iou_3d,
    transformed_boxes,
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
