import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.boxes import (
    as_boxes,
    box_areas,
    check_boxes,
    flipped_box,
    pairwise_iod,
    pairwise_iou,
    rowwise_iod,
    rowwise_iou,
    xywh_to_xyxy,
    xyxy_to_xywh,
)

# Ten by ten pixels, and the same box five pixels to the right.
SQUARE = [0, 0, 9, 9]
SHIFTED = [5, 0, 14, 9]

corner = st.integers(-50, 50)
side = st.integers(0, 60)
box = st.builds(
    lambda x, y, w, h: [x, y, x + w, y + h], corner, corner, side, side
)
boxes = st.lists(box, max_size=6)


def test_area_counts_the_last_pixel_when_inclusive():
    assert box_areas([SQUARE]).tolist() == [100]
    assert box_areas([SQUARE], inclusive=False).tolist() == [81]


def test_iou_by_hand():
    # Inclusive: 5 x 10 shared of 100 + 100 - 50; continuous: 4 x 9 of 126.
    inclusive = rowwise_iou([SQUARE], [SHIFTED])
    continuous = rowwise_iou([SQUARE], [SHIFTED], inclusive=False)
    assert inclusive.tolist() == [50 / 150]
    assert continuous.tolist() == [36 / 126]


def test_boxes_that_touch_share_a_column_only_when_inclusive():
    right = [9, 0, 18, 9]
    assert rowwise_iou([SQUARE], [right]).tolist() == [10 / 190]
    assert rowwise_iou([SQUARE], [right], inclusive=False).tolist() == [0]


def test_iod_divides_by_the_detection():
    inside = [2, 2, 5, 5]
    assert pairwise_iod([inside], [SQUARE]).tolist() == [[1]]
    assert pairwise_iod([SQUARE], [inside]).tolist() == [[16 / 100]]


def test_empty_boxes_overlap_nothing():
    point = [3, 3, 3, 3]
    assert pairwise_iou([point], [point], inclusive=False).tolist() == [[0]]
    assert pairwise_iod([point], [SQUARE], inclusive=False).tolist() == [[0]]
    assert pairwise_iou([point], [point]).tolist() == [[1]]


def test_no_boxes():
    assert pairwise_iou([], [SQUARE]).shape == (0, 1)
    assert pairwise_iod([SQUARE, SHIFTED], []).shape == (2, 0)
    assert rowwise_iou([], np.zeros((0, 4))).shape == (0,)


def test_formats_by_hand():
    assert xyxy_to_xywh([[1, 2, 4, 8]]).tolist() == [[1, 2, 3, 6]]
    assert xywh_to_xyxy([[1, 2, 3, 6]]).tolist() == [[1, 2, 4, 8]]


def test_float32_boxes_are_computed_in_float64():
    narrow = np.array([SQUARE], dtype=np.float32)
    assert pairwise_iou(narrow, narrow).dtype == np.float64


@given(boxes, boxes, st.booleans())
def test_pairwise_iou_is_symmetric_and_agrees_with_rowwise(a, b, inclusive):
    table = pairwise_iou(a, b, inclusive=inclusive)
    assert ((table >= 0) & (table <= 1)).all()
    assert np.array_equal(table, pairwise_iou(b, a, inclusive=inclusive).T)
    for i, row in enumerate(a):
        single = rowwise_iou([row] * len(b), b, inclusive=inclusive)
        assert np.array_equal(table[i], single)


@given(box, box)
def test_inclusive_iou_counts_pixels(a, b):
    def pixels(x1, y1, x2, y2):
        return {(x, y) for x in range(x1, x2 + 1) for y in range(y1, y2 + 1)}

    first, second = pixels(*a), pixels(*b)
    expected = len(first & second) / len(first | second)
    assert rowwise_iou([a], [b])[0] == expected


@given(boxes)
def test_formats_are_inverse(a):
    assert np.array_equal(xywh_to_xyxy(xyxy_to_xywh(a)), as_boxes(a))


@pytest.mark.parametrize('bad', [[['a', 'b', 'c', 'd']], [[True] * 4]])
def test_wrong_type(bad):
    with pytest.raises(TypeError, match='`boxes` must be numbers'):
        as_boxes(bad)


@pytest.mark.parametrize('bad', [[1, 2, 3, 4], [[1, 2, 3]], np.zeros((0, 5))])
def test_wrong_shape(bad):
    with pytest.raises(ValueError, match=r'shape \(n, 4\)'):
        as_boxes(bad)


@pytest.mark.parametrize(
    'bad', [[5, 0, 4, 9], [0, 5, 9, 4], [0, 0, np.nan, 9], [0, 0, np.inf, 9]]
)
def test_check_names_the_wrong_box(bad):
    with pytest.raises(ValueError, match=r'`dets` must be finite.*box 1 is'):
        check_boxes([SQUARE, bad, bad], 'dets')


def test_rows_must_pair_up():
    with pytest.raises(ValueError, match=r'equally many boxes.*1 and 2'):
        rowwise_iou([SQUARE], [SQUARE, SHIFTED])


def test_rowwise_iod_divides_by_the_detection():
    # 16 of 16 px and 16 of 100 px; as edges 9 of 9 and 9 of 81.
    inside = [2, 2, 5, 5]
    pairs = [inside, SQUARE], [SQUARE, inside]
    assert rowwise_iod(*pairs).tolist() == [1, 16 / 100]
    assert rowwise_iod(*pairs, inclusive=False).tolist() == [1, 9 / 81]
    point = [3, 3, 3, 3]
    assert rowwise_iod([point], [SQUARE], inclusive=False).tolist() == [0]


def test_pairwise_overlaps_by_hand():
    # Rows are the first argument's. SHIFTED shares 50 of 100 px with SQUARE.
    second = [SQUARE, SHIFTED, [0, 0, 9, 4]]
    assert pairwise_iou([SQUARE], second).tolist() == [[1, 50 / 150, 0.5]]
    assert pairwise_iod([SQUARE], second).tolist() == [[1, 0.5, 0.5]]
    assert pairwise_iod(second, [SQUARE]).tolist() == [[1], [0.5], [1]]
    # As edges: 4 x 9 of 9 x 9, and 9 x 4.
    edges = pairwise_iod([SQUARE], second, inclusive=False)
    assert edges.tolist() == [[1, 36 / 81, 36 / 81]]


def test_boxes_turned_inside_out_have_no_area():
    turned = [[9, 0, 0, 9], [0, 9, 9, 0], [9, 9, 0, 0]]
    assert box_areas(turned).tolist() == [0, 0, 0]
    assert box_areas([[0, 0, 3, 1]]).tolist() == [8]
    assert box_areas([[0, 0, 3, 1]], inclusive=False).tolist() == [3]


BAD = [[True] * 4]


@pytest.mark.parametrize(
    ('call', 'name'),
    [
        (lambda: as_boxes(BAD), 'boxes'),
        (lambda: check_boxes(BAD), 'boxes'),
        (lambda: rowwise_iou(BAD, [SQUARE]), 'first'),
        (lambda: rowwise_iou([SQUARE], BAD), 'second'),
        (lambda: rowwise_iod(BAD, [SQUARE]), 'detections'),
        (lambda: rowwise_iod([SQUARE], BAD), 'others'),
        (lambda: pairwise_iou(BAD, [SQUARE]), 'first'),
        (lambda: pairwise_iou([SQUARE], BAD), 'second'),
        (lambda: pairwise_iod(BAD, [SQUARE]), 'detections'),
        (lambda: pairwise_iod([SQUARE], BAD), 'lesions'),
    ],
)
def test_the_wrong_argument_is_named(call, name):
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == f'`{name}` must be numbers, but got bool.'


def test_the_wrong_box_is_shown():
    with pytest.raises(ValueError, match='but') as caught:
        check_boxes([SQUARE, [3, 0, 2, 9], [0, 0, np.nan, 9]])
    assert str(caught.value) == (
        '`boxes` must be finite x1 y1 x2 y2 with x1 <= x2 and y1 <= y2, but '
        'box 1 is [3.0, 0.0, 2.0, 9.0].'
    )
    with pytest.raises(ValueError, match='equally') as caught:
        rowwise_iou([SQUARE], [])
    assert str(caught.value) == (
        '`first` and `second` must have equally many boxes, but got 1 and 0.'
    )


def test_points_and_lines_are_boxes():
    points = [[3, 4, 3, 4], [0, 0, 0, 5]]
    assert check_boxes(points).tolist() == points


@pytest.mark.parametrize(
    ('direction', 'box'),
    [
        (None, (10, 20, 40, 25)),
        ('horizontal', (60, 20, 90, 25)),
        ('vertical', (10, 55, 40, 60)),
        ('diagonal', (60, 55, 90, 60)),
    ],
)
def test_a_flipped_box(direction, box):
    """In 80 rows and 100 columns."""
    assert flipped_box((10, 20, 40, 25), (80, 100), direction) == box
