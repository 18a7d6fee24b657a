"""The benchmark of followed lesions."""

import numpy as np
import pytest

from benchmarks.follow_up.measure import Found, counts, detected
from benchmarks.follow_up.page import page, totals
from benchmarks.follow_up.plan import DETECTORS, TRUE_BOXES, Detector
from benchmarks.follow_up.run import PAGE, RESULT
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
    assert PAGE.read_text() == page(read_json(RESULT))


def test_what_is_wanted_is_reached():
    pairs = read_json(RESULT)['pairs']
    found = totals(pairs, TRUE_BOXES.name)
    assert found['matched'] >= 0.95 * found['pairs']
    assert found['wrong'] <= 0.02 * found['matches']
    assert max(pair['seconds']['clock'] for pair in pairs) <= 120
    assert len(DETECTORS) == 3
