"""Tuning on simulated detectors, of which it is known which one is better."""

from pathlib import Path

import numpy as np
import pytest

from mmuldor.evaluation.fusion.inputs import Input
from mmuldor.evaluation.fusion.settings import Settings
from mmuldor.evaluation.fusion.tuning import tune
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections

IMAGES = 150
FPS = 8


def truth():
    """One lesion of 10 px an image."""
    ids = np.arange(IMAGES)
    boxes = np.tile([0.0, 0, 9, 9], (IMAGES, 1))
    types = np.full(IMAGES, -1)
    return GroundTruth(ids, boxes, ids, ids, types, ids, 0, 0)


def detector(seed, skill, scale=lambda scores: scores, name=None):
    """Finds each lesion, and false positives where all detectors do.

    Scores of hits are higher by `skill` standard deviations.
    """
    rng = np.random.default_rng(seed)
    x = np.tile(20.0 * np.arange(FPS + 1), IMAGES)
    logits = rng.normal(0, 1, (IMAGES, FPS + 1))
    logits[:, 0] += skill
    scores = scale(1 / (1 + np.exp(-logits.ravel())))
    table = Detections(
        np.repeat(np.arange(IMAGES), FPS + 1),
        np.stack([x, 0 * x, x + 9, 0 * x + 9], axis=1),
        scores,
        np.ones(len(x), dtype=np.int64),
    )
    return Input(name or f'd{seed}', Path('x'), table, [], None, {})


def tuned(*inputs):
    lines = []
    settings = tune(inputs, truth(), np.arange(IMAGES) // 2, lines.append)
    return settings, lines


def test_detectors_that_are_equal_keep_the_defaults():
    # Scores and places are those of one detector: every choice is equal.
    settings, lines = tuned(
        detector(1, 1.5, name='a'), detector(1, 1.5, name='b')
    )
    assert settings.method == 'wbf-one'
    assert settings.iou_thr == 0.4
    assert (settings.scores, settings.weights) == ('none', (1, 1))
    tuning = settings.tuning
    assert tuning['tuned'] == tuning['defaults'] == tuning['alone']['a']
    assert (tuning['images'], tuning['patients']) == (IMAGES, IMAGES // 2)
    # Two scales, 4 methods at 4 IoUs but the present one, 2 weights.
    assert len(tuning['tried']) == 2 + 15 + 2
    assert not any(own['taken'] for own in tuning['tried'])
    assert any(line.startswith('nms, IoU 0.6: ') for line in lines)


def test_scores_of_other_scales_are_brought_to_one():
    # Where all scores of b are near 1, false positives of b come first.
    inputs = detector(1, 1.5), detector(2, 1.5, lambda s: 1 + 1e-3 * s)
    settings, lines = tuned(*inputs)
    assert settings.scores in ('rank', 'calibrated')
    assert len(settings.maps) == 2
    assert f'taken: scores {settings.scores}' in lines
    assert settings.tuning['tuned'] > settings.tuning['defaults'] + 0.05
    assert settings.tuning['tuned'] > max(settings.tuning['alone'].values())


def test_scores_below_0_start_as_ranks():
    inputs = detector(1, 1.5), detector(2, 1.5, lambda s: s - 5)
    settings, _ = tuned(*inputs)
    assert settings.scores != 'none'


def test_a_detector_without_skill_does_no_harm():
    """Its hits are no more probable than its false positives."""
    good = detector(1, 1), detector(2, 1)
    settings, _ = tuned(*good, detector(3, -1))
    tuning = settings.tuning
    assert settings.scores == 'calibrated'
    assert tuning['defaults'] < max(tuning['alone'].values())
    assert tuning['tuned'] > max(tuning['alone'].values()) + 0.05
    # Every weight is halved, doubled and, of three, left out.
    weights = [own['what'] for own in tuning['tried'] if 'we' in own['what']]
    assert weights == [
        f'weight of d{number} {weight}'
        for number in (1, 2, 3)
        for weight in ('0.5', '2', '0')
    ]


def test_a_detector_needs_detections():
    nothing = detector(1, 1).detections.select(np.array([], dtype=int))
    empty = Input('e', Path('e.json'), nothing, [], None, {})
    with pytest.raises(ValueError, match=r'e\.json must have detections'):
        tuned(detector(2, 1), empty)


def test_tuned_settings_are_complete():
    settings, _ = tuned(detector(1, 1.5), detector(2, 1.5))
    assert isinstance(settings, Settings)
    assert settings.names == ('d1', 'd2')
    assert settings.as_dict()['tuning'] == settings.tuning
