"""Folds, configs and one short training of the detector on real slices."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.real_slices.evaluation import (
    RATES,
    evaluate,
    is_complete,
)
from benchmarks.real_slices.figure import draw_curves
from benchmarks.real_slices.page import FIGURE, TOTAL, page
from benchmarks.real_slices.plan import (
    ARMS,
    FOLDS,
    first_images,
    fold_of_images,
    split,
)
from benchmarks.real_slices.run import PAGE, RESULTS, SUMMARY
from benchmarks.real_slices.training import Places, config_of, run_fold
from mmuldor.io.json_files import read_json, write_json
from tests.support.entries import image_entry, lesion_entry

PRETRAINED, FROZEN, TRAINED = ARMS


@pytest.fixture
def document():
    """42 images of 14 patients, three each, one lesion an image."""
    images = [image_entry(n, patient=n % 14) for n in range(1, 43)]
    ends = [20, 24, 32, 24, 26, 20, 26, 30]
    lesions = [lesion_entry(n, [20, 20, 12, 10], ends) for n in range(1, 43)]
    category = [{'id': 1, 'name': 'lesion'}]
    return dict(images=images, annotations=lesions, categories=category)


@pytest.fixture
def places(root, tmp_path):
    return Places(
        root, tmp_path / 'data', tmp_path / 'work', tmp_path / 'kept'
    )


def test_every_patient_is_tested_once(document):
    folds = fold_of_images(document)
    tested = []
    for fold in range(FOLDS):
        parts = split(document, fold)
        patients = [
            {image['patient'] for image in parts[name]['images']}
            for name in ('train', 'test')
        ]
        assert (len(patients[0]), len(patients[1])) == (12, 2)
        assert not patients[0] & patients[1]
        ids = [image['id'] for image in parts['test']['images']]
        assert all(folds[number] == fold for number in ids)
        assert [a['image_id'] for a in parts['test']['annotations']] == ids
        tested += ids
    assert sorted(tested) == list(range(1, 43))
    two = first_images(document, 2)
    assert [a['id'] for a in two['annotations']] == [1, 2]


def test_arms_differ_in_the_backbone_alone(places, tmp_path):
    configs = {
        arm: config_of(arm, tmp_path / 'same', places).to_dict()
        for arm in ARMS
    }
    backbones = {a: c['model'].pop('backbone') for a, c in configs.items()}
    assert configs[PRETRAINED] == configs[FROZEN] == configs[TRAINED]
    init = {'type': 'mmuldor.CTPretrainedInit'}
    assert backbones[PRETRAINED]['init_cfg'] == init
    assert backbones[FROZEN] == {**backbones[PRETRAINED], 'init_cfg': None}
    learns = dict(frozen_stages=-1, norm_eval=False)
    assert backbones[TRAINED] == {**backbones[FROZEN], **learns}
    assert backbones[FROZEN]['frozen_stages'] == 2


def test_the_settings_of_the_plan(places, tmp_path):
    config = config_of(PRETRAINED, tmp_path / 'work', places)
    train = config.train_dataloader.dataset
    assert Path(train.data_prefix.img) == places.data
    resize = {s.type: s for s in train.pipeline}[
        'mmuldor.RandomResizeToSpacing'
    ]
    assert (resize.spacing_mm, resize.max_size) == (0.8, 512)
    test = config.test_dataloader.dataset.pipeline
    assert [s.spacing_mm for s in test if 'Resize' in s.type] == [0.8]
    assert config.train_cfg.max_epochs == config.param_scheduler[-1].end == 12
    assert config.val_dataloader is None
    assert config.test_evaluator.ann_file == str(tmp_path / 'work/test.json')


@pytest.mark.slow
def test_a_fold_is_trained_tested_and_kept(places, mini_data):
    places.data.mkdir()
    for split_name in ('train', 'test'):
        document = read_json(mini_data / f'{split_name}.json')
        for image in document['images']:
            name = f'Images_png/{image["file_name"]}'
            image['file_name'] = name
        write_json(places.data / f'{split_name}.json', document)
    (places.data / 'Images_png').symlink_to(mini_data / 'Images_png')
    parts = {
        name: read_json(places.data / f'{name}.json')
        for name in ('train', 'test')
    }
    parts['train'] = first_images(parts['train'], 2)
    record = run_fold(TRAINED, 3, parts, places, epochs=1)
    assert (record['iterations'], record['fold']) == (1, 3)
    assert record['iteration_seconds'] > 0
    assert 0 <= record['figures']['froc/mean'] <= 1
    path = places.record(TRAINED, 3)
    assert read_json(path)['name'] == 'random, trained'
    with np.load(path.with_suffix('.npz'), allow_pickle=False) as kept:
        ids = {image['id'] for image in parts['test']['images']}
        assert set(kept['image_ids'].tolist()) <= ids
        assert len(kept['boxes']) == len(kept['scores'])
    # A checkpoint a fold would fill the disk.
    assert not list(places.work.rglob('*.pth'))


def keep(arm, fold, document, places, hits):
    """A record whose detections hit `hits` of the tested lesions."""
    tested = split(document, fold)['test']['annotations']
    boxes = [a['bbox'] if a['id'] in hits else [0, 0, 3, 3] for a in tested]
    path = places.record(arm, fold)
    seconds = {'seconds': 90.0, 'processor_seconds': 60.0}
    write_json(path, {'training': seconds, 'testing': seconds})
    np.savez_compressed(
        path.with_suffix('.npz'),
        image_ids=np.array([a['image_id'] for a in tested], np.int32),
        boxes=np.array(boxes, np.float32),
        scores=np.linspace(0.1, 0.9, len(tested), dtype=np.float32),
    )


def test_all_folds_are_one_evaluation(document, places):
    hits = {PRETRAINED: set(range(1, 43)), FROZEN: set(), TRAINED: {1, 2, 3}}
    assert not is_complete(places)
    for arm, found in hits.items():
        for fold in range(FOLDS):
            keep(arm, fold, document, places, found)
    assert is_complete(places)
    summary = evaluate(document, places)
    rows = summary['rows']
    count = len(RATES) + 1
    assert rows['pretrained, frozen']['value'] == [1] * count
    assert rows['random, frozen']['value'] == [0] * count
    assert rows['random, trained']['value'][-2] == pytest.approx(3 / 42)
    assert rows['random, trained']['fps_at_end'] == pytest.approx(39 / 42)
    assert rows['random, trained']['processor_minutes'] == 14
    assert summary['differences'][0]['interval'] == [[1] * count] * 2
    assert (summary['lesions'], summary['patients']) == (42, 14)
    text = page(summary)
    assert '| pretrained, frozen | 100 (100 to 100) |' in text
    assert '+100 (+100 to +100)' in text
    out = places.work / FIGURE
    places.work.mkdir(exist_ok=True)
    draw_curves(document, places, out)
    assert cv2.imread(str(out)).shape == (750, 1080, 3)


def test_no_figure_before_all_folds_are_done():
    text = page(None, 4)
    assert f'**Not run.** 4 of {TOTAL} trainings are done.' in text
    assert '| arm |' not in text


def test_the_kept_page_is_that_of_what_is_kept():
    summary = read_json(SUMMARY) if SUMMARY.is_file() else None
    done = len(list(RESULTS.glob('*.json')))
    assert page(summary, done) == PAGE.read_text(encoding='utf-8')
