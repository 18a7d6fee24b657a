import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.functional.boxes import pairwise_iou
from mmuldor.functional.fusion import pool as pool_module
from mmuldor.functional.fusion.groups import (
    decayed_scores,
    one_of_each,
    running_boxes,
    suppressed,
)
from mmuldor.functional.fusion.pool import Pool


def square(x, side=10):
    """A box from (x, 0) on. Shifted by d, squares of 10 px have an IoU of
    (10 - d) / (10 + d): 2/3 for 2 px, 3/7 for 4 px."""
    return [x, 0, x + side, side]


def pool_of(rows, unit=0):
    """Rows of (x, score, detector)."""
    xs, scores, detectors = zip(*rows, strict=True)
    units = np.full(len(rows), unit)
    return Pool.of([square(x) for x in xs], scores, detectors, units)


def test_a_group_has_one_detection_of_each_detector():
    # Both detections of detector 1 are near; the higher one comes first.
    pool = pool_of([(0, 0.9, 0), (1, 0.4, 1), (2, 0.6, 1), (30, 0.5, 1)])
    assert one_of_each(pool, 0.5).tolist() == [0, 1, 0, 3]


def test_a_detection_joins_the_nearest_group_that_lacks_its_detector():
    # Leaders at 0 and 5; 3 is nearer to 5, unless 5 is of its detector.
    rows = [(0, 0.9, 0), (5, 0.8, 0), (3, 0.7, 1)]
    assert one_of_each(pool_of(rows), 0.5).tolist() == [0, 1, 1]
    rows = [(0, 0.9, 0), (5, 0.8, 1), (3, 0.7, 1)]
    assert one_of_each(pool_of(rows), 0.5).tolist() == [0, 1, 0]


def test_iou_at_the_threshold_is_near():
    pool = pool_of([(0, 0.9, 0), (2, 0.8, 1)])
    assert one_of_each(pool, 8 / 12).tolist() == [0, 0]
    assert one_of_each(pool, 8 / 12 + 1e-9).tolist() == [0, 1]


def test_a_running_box_moves_and_takes_several_of_one_detector():
    # 6 is far from the leader (4/16), near the mean of 0 and 4, which is 2.
    rows = [(0, 0.8, 0), (4, 0.8, 1), (6, 0.7, 1)]
    assert running_boxes(pool_of(rows), 0.4).tolist() == [0, 0, 0]
    assert one_of_each(pool_of(rows), 0.4).tolist() == [0, 0, 2]


def test_suppression_is_greedy():
    # 4 suppresses 8, but is suppressed itself, so 8 stays.
    rows = [(0, 0.9, 0), (4, 0.8, 0), (8, 0.7, 1)]
    assert suppressed(pool_of(rows), 0.4).tolist() == [0, 0, 2]
    # What is far from the first suppresses in its turn.
    rows = [(0, 0.9, 0), (4, 0.8, 0), (30, 0.7, 1), (31, 0.6, 1)]
    assert suppressed(pool_of(rows), 0.4).tolist() == [0, 0, 2, 2]
    # 2 stays suppressed after 30, which is far from it, so 6 stays.
    rows = [(0, 0.9, 0), (30, 0.8, 0), (2, 0.7, 1), (6, 0.6, 1)]
    assert suppressed(pool_of(rows), 0.4).tolist() == [0, 1, 0, 3]


def test_soft_suppression_lowers_scores_by_the_overlap():
    # 2 is lowered by 0 (IoU 2/3) to 0.2, below 6, which lowers it again.
    pool = pool_of([(0, 0.9, 0), (2, 0.6, 1), (6, 0.5, 1)])
    low = 0.6 * (1 - 2 / 3) * (1 - 3 / 7)
    assert decayed_scores(pool, 0.4).tolist() == pytest.approx([0.9, low, 0.5])
    # What was lowered itself lowers too: 4 by 0 (3/7) and then by 2 (2/3).
    pool = pool_of([(0, 0.9, 0), (2, 0.6, 1), (4, 0.1, 1)])
    low = 0.1 * (1 - 3 / 7) * (1 - 2 / 3)
    assert decayed_scores(pool, 0.4)[2] == pytest.approx(low)


def test_soft_suppression_begins_at_half_unless_stated():
    # IoU 7/13 = 0.54 and 6.5/13.5 = 0.48.
    pool = pool_of([(0, 0.9, 0), (3, 0.5, 0), (-3.5, 0.4, 0)])
    expected = [0.9, 0.5 * 6 / 13, 0.4]
    assert decayed_scores(pool).tolist() == pytest.approx(expected)


@pytest.mark.parametrize('find', [one_of_each, running_boxes, suppressed])
def test_units_are_apart(find):
    pool = Pool.of([square(0)] * 4, [0.5, 0.9, 0.8, 0.7], [0, 1, 0, 1],
                   [7, 7, 8, -1])  # fmt: skip
    assert find(pool, 0.5).tolist() == [1, 1, 2, 3]


@pytest.mark.parametrize('find', [one_of_each, running_boxes, suppressed])
def test_no_detections(find):
    pool = Pool.of([], [], [], [])
    assert find(pool, 0.5).tolist() == []
    with pytest.raises(ValueError, match='iou_thr'):
        find(pool, 0)


def slow_running_boxes(pool, iou_thr):
    """The paper's algorithm, one detection after another."""
    leaders = np.zeros(len(pool), dtype=int)
    for unit in np.unique(pool.units):
        rows = np.flatnonzero(pool.units == unit)
        groups = []
        for row in rows[np.argsort(-pool.scores[rows], kind='stable')]:
            best, nearest = iou_thr, None
            for members in groups:
                box = np.average(
                    pool.boxes[members], axis=0, weights=pool.scores[members]
                )
                (iou,) = pairwise_iou([box], [pool.boxes[row]],
                                      inclusive=False)[0]  # fmt: skip
                if iou > best:
                    best, nearest = iou, members
            if nearest is None:
                groups.append([row])
            else:
                nearest.append(row)
        for members in groups:
            leaders[members] = members[0]
    return leaders


@given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.2, 0.8))
def test_many_units_at_once_equal_one_after_another(seed, count, iou_thr):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 20, (count, 2))
    boxes = np.hstack([corner, corner + rng.uniform(5, 15, (count, 2))])
    columns = (rng.random(count), rng.integers(0, 3, count))
    pool = Pool.of(boxes, *columns, rng.integers(0, 5, count))
    expected = slow_running_boxes(pool, iou_thr)
    assert running_boxes(pool, iou_thr).tolist() == expected.tolist()
    for find in (one_of_each, suppressed):
        leaders = find(pool, iou_thr)
        for unit in np.unique(pool.units):
            rows = np.flatnonzero(pool.units == unit)
            alone = Pool(*(c[rows] for c in vars(pool).values()))
            assert (rows[find(alone, iou_thr)] == leaders[rows]).all()


def test_blocks_do_not_change_groups(monkeypatch):
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 20, (300, 2))
    boxes = np.hstack([corner, corner + rng.uniform(5, 15, (300, 2))])
    columns = (rng.random(300), rng.integers(0, 3, 300))
    pool = Pool.of(boxes, *columns, rng.integers(0, 40, 300))
    before = [find(pool) for find in (one_of_each, running_boxes, suppressed)]
    monkeypatch.setattr(pool_module, 'BLOCK', 20)
    assert len(list(pool.blocks())) > 10
    after = [find(pool) for find in (one_of_each, running_boxes, suppressed)]
    assert np.array_equal(before, after)


def test_a_block_says_where_there_is_no_detection():
    xs, scores = [0, 1, 2], [0.5, 0.25, 0.75]
    pool = Pool.of([square(x) for x in xs], scores, [2, 1, 0], [4, 3, 4])
    (block,) = pool.blocks()
    assert block.valid.tolist() == [[True, True], [True, False]]
    assert block.rows[block.valid].tolist() == [2, 0, 1]
    assert block.scores.tolist() == [[0.75, 0.5], [0.25, 0]]
    assert block.detectors.tolist() == [[0, 2], [1, -1]]


@pytest.mark.parametrize(
    ('column', 'value', 'match'),
    [
        ('boxes', [[0, 0, -1, 1]], 'x1 <= x2'),
        ('scores', [np.nan], 'finite'),
        ('scores', [-0.1], r'0 or more, but score 0 is -0.1'),
        ('scores', [0.1, 0.2], '^`scores` must have the shape'),
        ('units', [0, 1], r'^`units` must have the shape \(1,\)'),
    ],
)
def test_wrong_columns(column, value, match):
    columns = {'boxes': [square(0)], 'scores': [0.5]}
    columns |= {'detectors': [0], 'units': [0], column: value}
    with pytest.raises(ValueError, match=match):
        Pool.of(**columns)
