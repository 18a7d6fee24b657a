import numpy as np
import pytest

from mmuldor.evaluation.calibration.operating_points import (
    OperatingPoint,
    choose_point,
    operating_points,
    point_at_fps,
    point_at_sensitivity,
    thinned,
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


def long_curve(volumes, lesions, detections):
    """A detector of 80 % with some 400 FPs a volume, most of low scores."""
    rng = np.random.default_rng(0)
    hits = rng.random(detections) < np.exp(-np.arange(detections) / 300)
    hits &= np.cumsum(hits) <= 0.8 * lesions
    scores = np.linspace(1, 0.01, detections)
    found, missed = np.cumsum(hits) / lesions, np.cumsum(~hits) / volumes
    return [
        OperatingPoint(*point)
        for point in zip(
            scores.tolist(), missed.tolist(), found.tolist(), strict=True
        )
    ]


@pytest.mark.parametrize('lesions', [100, 2000])
def test_a_long_curve_keeps_the_points_that_are_chosen(lesions):
    points = long_curve(80, lesions, 40_000)
    kept = thinned(points)
    assert len(kept) < 1000
    assert {*kept} <= {*points}
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    for fps in (0.1, 0.125, 0.25, 0.5, 0.75, 1, 2, 4, 8, 16, 32, 100):
        assert point_at_fps(kept, fps) == point_at_fps(points, fps)
    top = points[-1].sensitivity
    for percent in range(1, int(100 * top) + 1):
        share = percent / 100
        all_of_them = point_at_sensitivity(points, share)
        assert point_at_sensitivity(kept, share) == all_of_them


def test_between_kept_points_a_choice_is_a_little_lower():
    points = long_curve(80, 2000, 40_000)
    kept = thinned(points)
    for fps in np.geomspace(0.05, 30, 200):
        one, best = point_at_fps(kept, fps), point_at_fps(points, fps)
        assert 0.9 * best.fps_per_image <= one.fps_per_image <= fps
        assert best.sensitivity - one.sensitivity <= 1 / 400


def test_a_short_curve_is_kept_whole():
    points = long_curve(80, 100, 400)
    assert thinned(points) == points


def test_a_curve_that_starts_beyond_all_rates_keeps_its_ends():
    points = [OperatingPoint(1 - k / 1000, 50 + k, 0.5) for k in range(500)]
    kept = thinned(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert point_at_fps(kept, 100).fps_per_image == 100


def test_a_point_is_chosen_in_one_way(points):
    assert choose_point(points, None, None) is None
    assert choose_point(points, 0.4, None).score_thr == 0.9
    assert choose_point(points, None, 0.6).score_thr == 0.6
    with pytest.raises(ValueError, match='got both'):
        choose_point(points, 1.0, 0.5)
