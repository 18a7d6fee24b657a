"""The benchmark of followed lesions."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.follow_up.measure import Found, counts, detected
from benchmarks.follow_up.page import page, totals
from benchmarks.follow_up.plan import DETECTORS, TRUE_BOXES, Detector
from benchmarks.follow_up.run import PAGE, RESULT, whole_page
from benchmarks.follow_up.trained import found_in, measure_trained
from mmuldor.functional.follow_up.matching import LesionPair
from mmuldor.io.json_files import read_json
from mmuldor.scans.follow_up.coarse import CoarseScan
from mmuldor.scans.follow_up.registration import Registration
from tests.support.follow_up.in_memory import small_follow_up
from tests.support.follow_up.small_pairs import small_pair


def test_counts():
    """Lesions 0 to 2 are in both scans, 3 vanished, 4 is new."""
    pair = small_pair(0)
    assert [x.follow_up is None for x in pair.lesions][3]
    first = [Found(0, None), Found(1, None), Found(2, None), Found(3, None)]
    second = [
        Found(0, None),
        Found(2, None),
        Found(4, None),
        Found(None, None),
    ]
    rows = [
        LesionPair('matched', 0, 0),  # right
        LesionPair('matched', 1, 3),  # a false positive
        LesionPair('uncertain', 2, 1),
        LesionPair('gone', 3, None),  # right
        LesionPair('new', None, 2),  # right
    ]
    followed = small_follow_up()
    followed.pairs[:] = rows
    assert counts(pair, [first, second], followed) == {
        'pairs': 2,
        'matched': 1,
        'uncertain': 1,
        'matches': 2,
        'wrong': 1,
        'lone': 2,
        'lone_right': 2,
    }


@pytest.fixture
def registration():
    pair = small_pair(0)
    scans = [CoarseScan.of(v, 8.0) for v in (pair.baseline, pair.follow_up)]
    field = np.zeros((*scans[0].hu.shape, 3), dtype=np.float32)
    return Registration(np.eye(4), field, *scans)


def test_true_boxes_are_detected_as_they_are(registration):
    pair = small_pair(0)
    rng = np.random.default_rng(0)
    found = detected(
        rng, pair.in_baseline, pair.baseline, registration, TRUE_BOXES
    )
    true = [k for k, lesion in enumerate(pair.in_baseline) if lesion]
    assert [f.true for f in found] == true
    for f in found:
        expected = pair.in_baseline[f.true]
        assert f.lesion.volume_ml == expected.volume_ml
        assert np.array_equal(f.lesion.center_lps_mm, expected.center_lps_mm)


def test_a_simulated_detector(registration):
    pair = small_pair(0)
    detector = Detector('half', 0.5, 3.0, 2.0, 0.1)
    lesions, false = 0, 0
    for seed in range(40):
        found = detected(
            np.random.default_rng(seed),
            pair.in_baseline,
            pair.baseline,
            registration,
            detector,
        )
        lesions += sum(f.true is not None for f in found)
        false += sum(f.true is None for f in found)
    true = sum(lesion is not None for lesion in pair.in_baseline)
    assert lesions / 40 == pytest.approx(0.5 * true, abs=0.5)
    assert false / 40 == pytest.approx(3, abs=1)


def test_the_page_is_of_the_figures():
    assert PAGE.read_text() == whole_page()


def test_the_page_says_that_no_detector_was_run():
    text = page(read_json(RESULT), None)
    assert '## With a trained detector\n\nNot run.\n' in text


class TrueDetector:
    """Finds what is there, and a lesion in the corner of each scan."""

    def __init__(self, pair):
        self.found = {
            id(volume): [lesion for lesion in lesions if lesion is not None]
            for volume, lesions in (
                (pair.baseline, pair.in_baseline),
                (pair.follow_up, pair.in_follow_up),
            )
        }
        self.corner = replace(
            self.found[id(pair.baseline)][0],
            box_mm=np.array([0, 0, 0, 1, 1, 1]),
        )

    def detect(self, volume):
        return [*self.found[id(volume)], self.corner]


def test_a_trained_detector(monkeypatch):
    pair = small_pair(0)
    detector = TrueDetector(pair)
    monkeypatch.setattr(
        'benchmarks.follow_up.trained.make_pair', lambda *_: pair
    )
    figures = measure_trained(0, detector)
    there = [len(found) for found in detector.found.values()]
    assert figures['lesions'] == figures['found'] == sum(there)
    assert figures['false_positives'] == 2
    both = sum(
        None not in ends
        for ends in zip(pair.in_baseline, pair.in_follow_up, strict=True)
    )
    assert figures['result']['pairs'] == both


def test_a_detection_is_of_the_lesion_that_it_overlaps_most():
    pair = small_pair(0)
    (first, lesion), *_ = [
        (k, x) for k, x in enumerate(pair.in_baseline) if x is not None
    ]
    size = lesion.box_mm[3:] - lesion.box_mm[:3]
    # 10 / (10 + 10 - 1) along one axis: IoU 1/19; then 1/3.
    apart, near = (
        replace(
            lesion,
            box_mm=lesion.box_mm + np.tile([share * size[0], 0, 0], 2),
        )
        for share in (0.9, 0.5)
    )
    found = found_in([apart, near], pair.in_baseline)
    assert [f.true for f in found] == [None, first]
    assert found[1].lesion is near


def test_what_is_wanted_is_reached():
    pairs = read_json(RESULT)['pairs']
    found = totals(pairs, TRUE_BOXES.name)
    assert found['matched'] >= 0.95 * found['pairs']
    assert found['wrong'] <= 0.02 * found['matches']
    assert max(pair['seconds']['clock'] for pair in pairs) <= 120
    assert len(DETECTORS) == 3
