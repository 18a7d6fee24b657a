import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.scans.joining import join_slices

BOX = [0.0, 0.0, 10.0, 10.0]


def shifted(x, y=0.0):
    return [x, y, x + 10.0, y + 10.0]


def joined(boxes, positions, scores=None, **limits):
    if scores is None:
        scores = np.linspace(0.9, 0.1, len(boxes))
    found = join_slices(boxes, positions, scores, **limits)
    return [rows.tolist() for rows in found]


def test_a_lesion_grows_to_both_sides_of_its_first_slice():
    boxes = [shifted(x) for x in (2, 1, 0, 1, 2)]
    found = joined(boxes, [0, 2, 4, 6, 8], [0.2, 0.3, 0.9, 0.5, 0.4])
    assert found == [[2, 3, 4, 1, 0]]


def test_it_follows_the_last_box_not_the_first():
    # Each overlaps its neighbour by 7 / 13, the first and the last not.
    boxes = [shifted(3.0 * k) for k in range(6)]
    assert joined(boxes, 2.0 * np.arange(6)) == [[0, 1, 2, 3, 4, 5]]


def test_two_side_by_side_stay_two():
    boxes = [shifted(0), shifted(8), shifted(1), shifted(7)]
    found = joined(boxes, [0, 0, 2, 2])
    assert found == [[0, 2], [1, 3]]


def test_one_detection_a_slice():
    # Both overlap enough: the better one is taken, the other is its own.
    boxes = [shifted(0), shifted(3), shifted(1)]
    assert joined(boxes, [0, 2, 2]) == [[0, 2], [1]]


def test_gaps_are_bridged_up_to_the_limit():
    positions = [0, 2, 6, 12]
    assert joined([BOX] * 4, positions, max_gap_mm=4) == [[0, 1, 2], [3]]
    assert joined([BOX] * 4, positions, max_gap_mm=6) == [[0, 1, 2, 3]]
    assert joined([BOX] * 4, positions, max_gap_mm=1) == [[0], [1], [2], [3]]


def test_intervals_that_are_no_binary_fractions():
    positions = np.cumsum([0.7] * 30)
    assert len(joined([BOX] * 30, positions, max_gap_mm=0.7)) == 1


def test_the_threshold_counts_itself():
    boxes = [shifted(0), shifted(5)]
    assert joined(boxes, [0, 1], iou_thr=1 / 3) == [[0, 1]]
    assert joined(boxes, [0, 1], iou_thr=0.34) == [[0], [1]]


def test_nothing_detected():
    assert join_slices(np.zeros((0, 4)), [], []) == []


@given(st.integers(0, 10_000))
def test_every_detection_is_in_one_lesion_once_a_slice(seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (40, 2))
    boxes = np.hstack([corner, corner + rng.uniform(1, 15, (40, 2))])
    positions = rng.integers(0, 8, 40) * 1.5
    scores = rng.integers(0, 5, 40) / 5
    found = join_slices(boxes, positions, scores)
    assert sorted(np.concatenate(found)) == list(range(40))
    for rows in found:
        assert len(set(positions[rows])) == len(rows)
        assert scores[rows[0]] == scores[rows].max()


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 30, (40, 2))
    boxes = np.hstack([corner, corner + 10])
    positions, scores = rng.integers(0, 8, 40) * 1.5, rng.random(40)
    order = rng.permutation(40)
    found = join_slices(boxes, positions, scores)
    again = join_slices(boxes[order], -positions[order], scores[order])
    assert {frozenset(order[rows].tolist()) for rows in again} == {
        frozenset(rows.tolist()) for rows in found
    }


@pytest.mark.parametrize(
    ('change', 'match'),
    [
        ({'positions_mm': [0.0]}, r'`positions_mm` must be 2 finite'),
        ({'scores': [0.5, np.nan]}, r'`scores` must be 2 finite'),
        ({'boxes_mm': [[0, 0, 1, 1], [3, 0, 2, 1]]}, r'`boxes_mm`.*box 1'),
        ({'iou_thr': 0}, r'`iou_thr` must lie in \(0, 1\]'),
        ({'max_gap_mm': 0}, r'`max_gap_mm` must be positive'),
    ],
)
def test_wrong_input(change, match):
    arguments = {
        'boxes_mm': [BOX, BOX],
        'positions_mm': [0.0, 1.0],
        'scores': [0.5, 0.4],
        **change,
    }
    with pytest.raises(ValueError, match=match):
        join_slices(**arguments)
