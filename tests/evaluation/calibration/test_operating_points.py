import pytest

from mmuldor.evaluation.calibration.operating_points import (
    OperatingPoint,
    choose_point,
    operating_points,
    point_at_fps,
    point_at_sensitivity,
)
from mmuldor.functional.froc import match


@pytest.fixture
def points():
    # Two images, two lesions; scores 0.9 hit, 0.8 miss, 0.7 miss, 0.6 hit.
    hit, miss = [0, 0, 9, 9], [50, 50, 59, 59]
    matched = match(
        [hit, miss, miss, hit],
        [0.9, 0.8, 0.7, 0.6],
        [1, 1, 2, 2],
        [hit, hit],
        [1, 2],
        [1, 2],
    )
    return operating_points(matched)


def test_points_of_a_small_curve(points):
    assert points == [
        OperatingPoint(0.9, 0.0, 0.5),
        OperatingPoint(0.8, 0.5, 0.5),
        OperatingPoint(0.7, 1.0, 0.5),
        OperatingPoint(0.6, 1.0, 1.0),
    ]


def test_points_by_fps_and_by_sensitivity(points):
    assert point_at_fps(points, 0.4).score_thr == 0.9
    assert point_at_fps(points, 1.0).score_thr == 0.6
    assert point_at_sensitivity(points, 0.5).score_thr == 0.9
    assert point_at_sensitivity(points, 0.51).score_thr == 0.6


def test_points_that_cannot_be_reached(points):
    with pytest.raises(ValueError, match='the maximum is 1'):
        point_at_sensitivity(points, 1.1)
    with pytest.raises(ValueError, match=r'the fewest are 0\.5'):
        point_at_fps(points[1:2], 0.2)


def test_ranks_by_class_have_no_threshold():
    box = [0, 0, 9, 9]
    matched = match(
        [box, box], [0.5, 0.9], [1, 1], [box], [1], [1], det_tiers=[0, 1]
    )
    with pytest.raises(ValueError, match='by class'):
        operating_points(matched)


def test_a_point_is_chosen_in_one_way(points):
    assert choose_point(points, None, None) is None
    assert choose_point(points, 0.4, None).score_thr == 0.9
    assert choose_point(points, None, 0.6).score_thr == 0.6
    with pytest.raises(ValueError, match='got both'):
        choose_point(points, 1.0, 0.5)
