"""Calibrations of simulated lesions in volumes, whose truth is known."""

import numpy as np
import pytest

from mmuldor.evaluation.calibration.fitting import fit_volume_calibration
from mmuldor.evaluation.calibration.summary import summary
from mmuldor.evaluation.volume_detections import VolumeDetections
from mmuldor.io.volume_annotations import TrueVolume, VolumeGrid

GRID = VolumeGrid((40, 100, 100), np.array([1.0, 1.0, 2.5]), None)
UNFOUND = [-20.0, 0, 0, -10, 10, 10]


def place(k):
    """The box of a volume's detection number k, apart from the others."""
    return [30.0 * k, 0, 0, 30 * k + 10, 10, 10]


def simulated(rng, count):
    """Volumes with about thirty detections, and a lesion without one.

    A detection of score s hits with probability s ** 2 / 2, and patients
    differ in how many they have.
    """
    many = rng.gamma(4, 1 / 4, count)
    volumes, rows, hits = [], [], []
    for k in range(count):
        patient = k * 4 // 5
        scores = rng.random(rng.poisson(30 * many[patient]))
        true = rng.random(len(scores)) < scores**2 / 2
        lesions = [UNFOUND, *map(place, np.flatnonzero(true))]
        volumes.append(
            TrueVolume(
                f'v{k}', 'val', GRID, np.array(lesions), patient=f'p{patient}'
            )
        )
        rows += [(k, place(i), score) for i, score in enumerate(scores)]
        hits += true.tolist()
    index, boxes, scores = map(np.array, zip(*rows, strict=True))
    return volumes, VolumeDetections(index, boxes, scores, 0), np.array(hits)


def fit(volumes, detections, **options):
    return fit_volume_calibration(volumes, detections, **options)


def test_other_volumes_are_as_the_file_says():
    rng = np.random.default_rng(0)
    inside, ratios, runs = 0, [], 30
    for _ in range(runs):
        file = fit(*simulated(rng, 80)[:2]).file
        point = file.operating_point
        assert 3.9 < point.fps_per_image <= 4
        assert point.fps_95.width(point.fps_per_image) < 0.5
        _, new, hits = simulated(rng, 80)
        reported = new.scores >= point.score_thr
        rate = np.count_nonzero(reported & ~hits) / 80
        inside += point.fps_95.low <= rate <= point.fps_95.high
        probabilities = file.calibration(new.scores[reported])
        ratios.append(probabilities.mean() / hits[reported].mean())
    assert inside >= 0.9 * runs
    assert np.median(ratios) == pytest.approx(1, abs=0.06)
    assert np.quantile(np.abs(np.subtract(ratios, 1)), 0.9) < 0.2


def test_probabilities_and_quality_of_many_detections():
    rng = np.random.default_rng(1)
    fitted = fit(*simulated(rng, 200)[:2])
    scores = np.linspace(0.05, 0.95, 10)
    assert fitted.file.calibration(scores) == pytest.approx(
        scores**2 / 2, abs=0.06
    )
    quality = fitted.file.quality
    assert quality['calibration_error'] < 0.02
    # Variance of s ** 2 / 2 over p (1 - p) with p = 1/6.
    skill = (1 / 20 - 1 / 36) / (1 / 6 * 5 / 6)
    assert quality['brier_skill'] == pytest.approx(skill, abs=0.03)
    assert quality['mean_probability'] == pytest.approx(
        quality['share_of_hits'], rel=0.1
    )
    assert fitted.file.heights_mm == (100, 100)
    assert fitted.file.overlap_iou == 0.2
    assert fitted.file.counts['overlapping'] == 0
    assert fitted.file.hit == {'hit': 'iou', 'iou_thr': 0.1}
    assert 400 < len(fitted.file.operating_points) < 1000
    assert fitted.file.counts['patients'] == 160
    assert len(fitted.unseen) == fitted.file.counts['detections']


def test_few_volumes_are_told():
    rng = np.random.default_rng(2)
    volumes, detections, _ = simulated(rng, 10)
    lines = summary(fit(volumes, detections).file)
    (note,) = [line for line in lines if 'wider than +-35 %' in line]
    assert 'with 10 volumes' in note
    assert 'calibrate on about ' in note
    (note,) = [line for line in lines if 'do not state' in line]
    few = [v for v in volumes if v.patient in ('p0', 'p1')]
    rows = detections.volumes < len(few)
    some = VolumeDetections(
        detections.volumes[rows], detections.boxes_mm[rows],
        detections.scores[rows], 0,
    )  # fmt: skip
    lines = summary(fit(few, some).file)
    assert any('2 patients are too few' in line for line in lines)


def test_an_operating_point_may_be_chosen():
    rng = np.random.default_rng(3)
    volumes, detections, _ = simulated(rng, 50)
    rate = fit(volumes, detections, fps_per_volume=2).file.operating_point
    assert 1.9 < rate.fps_per_image <= 2
    point = fit(volumes, detections, sensitivity=0.5).file.operating_point
    assert point.sensitivity >= 0.5
    with pytest.raises(ValueError, match='the maximum is'):
        fit(volumes, detections, sensitivity=1.1)


def test_the_file_has_the_points_that_a_user_chooses():
    volumes, detections, _ = simulated(np.random.default_rng(3), 80)
    file = fit(volumes, detections).file
    assert len(detections.scores) > 2000
    for chosen in (
        {'fps': 0.25}, {'fps': 0.5}, {'fps': 2}, {'sensitivity': 0.5},
    ):  # fmt: skip
        fps, sensitivity = chosen.get('fps'), chosen.get('sensitivity')
        fitted = fit(
            volumes, detections, fps_per_volume=fps, sensitivity=sensitivity
        )
        assert file.choose(fps, sensitivity) == fitted.file.operating_point


def test_lesions_over_one_another_are_one():
    rng = np.random.default_rng(4)
    volumes, detections, _ = simulated(rng, 50)
    once = fit(volumes, detections).file
    # Each a second time, a little higher up: IoU 8 / 12; and half as sure.
    moved = np.add(detections.boxes_mm, [0, 0, 2, 0, 0, 2])
    twice = VolumeDetections(
        np.tile(detections.volumes, 2),
        np.concatenate([detections.boxes_mm, moved]),
        np.concatenate([detections.scores, detections.scores / 2]),
        0,
    )
    again = fit(volumes, twice).file
    assert again.counts['overlapping'] == len(detections.scores)
    assert again.operating_point == once.operating_point
    scores = np.linspace(0, 1, 11)
    assert again.calibration(scores).tolist() == (
        once.calibration(scores).tolist()
    )


def test_a_second_hit_that_is_kept_is_no_hit_and_no_miss():
    volumes = [
        TrueVolume(f'v{k}', 'val', GRID, np.array([place(0)]))
        for k in range(10)
    ]
    # Both halves hit by an IoU of 1/2, and do not overlap.
    halves = [[0.0, 0, 0, 5, 10, 10], [5.0, 0, 0, 10, 10, 10], place(1)]
    detections = VolumeDetections(
        np.repeat(np.arange(10), 3),
        np.array(halves * 10),
        np.array([0.9, 0.8, 0.3] * 10),
        0,
    )
    file = fit(volumes, detections).file
    assert file.counts['repeats'] == 10
    assert file.calibration([0.9, 0.3]) == pytest.approx([10.5 / 11, 0.5 / 11])


def test_one_patient_leaves_nothing_to_compare_with():
    volumes = [TrueVolume('v', 'val', GRID, np.array([place(0)]))]
    boxes, scores = np.array([place(0), place(1)]), np.array([0.9, 0.3])
    detections = VolumeDetections(np.zeros(2, int), boxes, scores, 0)
    file = fit(volumes, detections).file
    assert file.brier == {}
    assert set(file.quality.values()) == {None}
    assert file.operating_point.fps_95 is None
    assert 'Brier score undefined' in ' '.join(summary(file))


def test_nothing_was_found():
    volumes, _, _ = simulated(np.random.default_rng(0), 5)
    none = VolumeDetections(np.zeros(0, int), np.zeros((0, 6)), np.zeros(0), 0)
    with pytest.raises(ValueError, match='in 5 volumes nothing was found'):
        fit(volumes, none)
