import numpy as np
import pytest

from mmuldor.functional.fusion.fusing import METHODS, fuse, mean_boxes
from mmuldor.functional.fusion.pool import Pool


def two_boxes():
    """Detector 0 finds [0, 10] at 0.6, detector 1 [2, 12] at 0.3, IoU 2/3."""
    boxes = [[0, 0, 10, 10], [2, 0, 12, 10]]
    return Pool.of(boxes, [0.6, 0.3], [0, 1], [0, 0])


def test_weights_1_and_2_by_hand():
    """1 * 0.6 and 2 * 0.3 weigh the same: x = 1, score = 1.2 / 3."""
    for method in ('wbf-one', 'wbf'):
        fused = fuse(two_boxes(), [1, 2], method=method)
        assert fused.boxes.tolist() == pytest.approx(
            np.array([[1, 0, 11, 10]])
        )
        assert fused.scores.tolist() == pytest.approx([0.4])
        assert fused.group.tolist() == [0, 0]


def test_equal_weights_by_hand():
    """x = (0 * 0.6 + 2 * 0.3) / 0.9 = 2/3, score = 0.9 / 2."""
    fused = fuse(two_boxes(), [1, 1])
    x = 2 / 3
    assert fused.boxes[0].tolist() == pytest.approx([x, 0, 10 + x, 10])
    assert fused.scores.tolist() == pytest.approx([0.45])
    assert fused.leaders.tolist() == [0]


def test_a_detector_without_a_detection_counts_as_zero():
    pool = Pool.of([[0, 0, 9, 9]], [0.8], [2], [5])
    for method in ('wbf-one', 'wbf'):
        fused = fuse(pool, [1, 2, 1], method=method)
        assert fused.scores.tolist() == pytest.approx([0.2])
    # Here it takes the score that the detector gave.
    assert fuse(pool, [1, 1, 1], method='nms').scores.tolist() == [0.8]


def test_wbf_counts_at_most_as_many_as_there_are_detectors():
    """Three boxes of two detectors: mean 0.6, times min(3, 2) / 2."""
    pool = Pool.of([[0, 0, 9, 9]] * 3, [0.9, 0.6, 0.3], [0, 1, 1], [0] * 3)
    assert fuse(pool, [1, 1], method='wbf').scores.tolist() == pytest.approx(
        [0.6]
    )
    # With one of each, the third is a group of its own.
    scores = fuse(pool, [1, 1]).scores.tolist()
    assert scores == pytest.approx([0.75, 0.15])


def test_nms_by_hand():
    fused = fuse(two_boxes(), [1, 2], method='nms')
    # 0.6 / 2 and 2 * 0.3 / 2 are equal: the first one stays.
    assert fused.scores.tolist() == [0.3]
    assert fused.boxes.tolist() == [[0, 0, 10, 10]]
    fused = fuse(two_boxes(), [1, 1], method='nms', iou_thr=0.7)
    assert fused.scores.tolist() == [0.6, 0.3]


def test_each_method_has_an_iou_of_its_own():
    """Shifted by 3 px, IoU 7/13: enough for wbf-one and NMS, not for wbf."""
    pool = Pool.of([[0, 0, 10, 10], [3, 0, 13, 10]], [0.6, 0.3], [0, 1],
                   [0, 0])  # fmt: skip
    counts = [len(fuse(pool, [1, 1], method=own).scores) for own in METHODS]
    assert METHODS == ('wbf-one', 'wbf', 'nms', 'soft-nms')
    assert counts == [1, 2, 1, 2]


def test_soft_nms_by_hand():
    fused = fuse(two_boxes(), [1, 1], method='soft-nms')
    assert fused.scores.tolist() == pytest.approx([0.6, 0.1])
    fused = fuse(two_boxes(), [1, 1], method='soft-nms', iou_thr=0.7)
    assert fused.scores.tolist() == pytest.approx([0.6, 0.3])


@pytest.mark.parametrize('method', METHODS)
def test_fused_detections_are_sorted(method):
    boxes = np.array([[0, 0, 5, 5], [40, 0, 45, 5], [80, 0, 85, 5]])
    pool = Pool.of(boxes, [0.1, 0.9, 0.5], [0, 0, 1], [3, 3, 1])
    fused = fuse(pool, [1, 1], method=method)
    assert fused.units.tolist() == [1, 3, 3]
    assert fused.leaders.tolist() == [2, 1, 0]
    assert fused.group.tolist() == [2, 1, 0]
    assert fused.boxes.tolist() == boxes[[2, 1, 0]].tolist()


@pytest.mark.parametrize('method', METHODS)
def test_no_detections(method):
    fused = fuse(Pool.of([], [], [], []), [1, 1], method=method)
    assert fused.boxes.shape == (0, 4)


def test_boxes_of_score_zero_have_equal_weights():
    pool = Pool.of([[0, 0, 10, 10], [2, 0, 12, 10]], [0, 0], [0, 1], [0, 0])
    for method in ('wbf-one', 'wbf'):
        fused = fuse(pool, [1, 1], method=method)
        assert fused.boxes.tolist() == [[1, 0, 11, 10]]
        assert fused.scores.tolist() == [0]


def test_mean_boxes_of_groups():
    boxes = np.array([[0.0, 0, 4, 4], [8, 8, 12, 12], [1, 1, 2, 2]])
    found = mean_boxes(boxes, np.array([3.0, 1, 5]), np.array([0, 0, 2]), 4)
    assert found.tolist() == pytest.approx(
        np.array([[2, 2, 6, 6], [0] * 4, [1, 1, 2, 2], [0] * 4])
    )


@pytest.mark.parametrize(
    ('weights', 'method', 'match'),
    [
        ([1], 'wbf', r'for each detector, but got \[1\.0\] for 2'),
        ([1, 0], 'wbf', 'above 0'),
        ([1, np.nan], 'wbf', 'above 0'),
        ([1, 1], 'vote', "one of wbf-one, wbf, nms, soft-nms, but got 'vote'"),
    ],
)
def test_wrong_arguments(weights, method, match):
    with pytest.raises(ValueError, match=match):
        fuse(two_boxes(), weights, method=method)
