"""Lesion types as classes: data, metric, training, whole scans, refusals."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, METRICS, init_default_scope

from mmuldor.apis import evaluate_detector, train_detector
from mmuldor.apis.checks.config import check_config
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.classes import type_classes, type_labels
from mmuldor.io.json_files import write_json
from mmuldor.scans.volume import Volume
from tests.support.small_configs import make_narrow, read_mini_data

ROOT = Path(__file__).resolve().parents[2]
TYPED = ROOT / 'configs/lesion_types/mask-rcnn_r18_fpn_types-5e_phantom.py'
UNTYPED = ROOT / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'


@pytest.fixture
def typed_data(mini_data):
    """The mini data, whose lesions have the types 4, 5, 4, 5, ... and -1."""
    for split, types in (('train', [-1] * 6), ('val', [4, -1])):
        set_types(mini_data / f'{split}.json', types)
    set_types(mini_data / 'test.json', [4, 5])
    return mini_data


def set_types(path, types):
    document = json.loads(path.read_text())
    for lesion, number in zip(document['annotations'], types, strict=True):
        lesion['lesion_type'] = number
    write_json(path, document)


def configure(path, data, tmp_path):
    config = Config.fromfile(path)
    config.work_dir, config.log_level = str(tmp_path / 'work'), 'WARNING'
    read_mini_data(config, data)
    make_narrow(config)
    config.train_cfg.max_epochs = 1
    init_default_scope('mmdet')
    return config


def build_data(data, split, lesion_types, **kwargs):
    init_default_scope('mmdet')
    return DATASETS.build(
        dict(
            type='mmuldor.DeepLesionDataset',
            data_root=str(data),
            ann_file=f'{split}.json',
            data_prefix=dict(img='Images_png/'),
            lesion_types=lesion_types,
            **kwargs,
        )
    )


def test_labels_are_places_among_the_classes():
    assert type_classes(None) == ()
    assert type_classes('known')[3:5] == ('liver', 'lung')
    assert type_classes('all')[8:] == ('unknown',)
    assert type_labels([4, -1, 8], 'known').tolist() == [3, -1, 7]
    assert type_labels([4, -1, 8], 'all').tolist() == [3, 8, 7]
    assert type_labels([4, -1, 8], None).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match=r"'known' .* but got 'some'"):
        type_classes('some')


def test_a_data_set_takes_types_as_classes(typed_data):
    known = build_data(typed_data, 'val', 'known')
    # The image whose lesion has no type is left out.
    assert len(known) == 1
    assert known.get_data_info(0)['instances'][0]['bbox_label'] == 3
    assert len(known.metainfo['classes']) == len(known.metainfo['palette'])
    both = build_data(typed_data, 'val', 'all')
    labels = [both.get_data_info(i)['instances'][0] for i in range(2)]
    assert [lesion['bbox_label'] for lesion in labels] == [3, 8]
    with pytest.raises(ValueError, match='validation and test splits only'):
        build_data(typed_data, 'train', 'known')
    with pytest.raises(ValueError, match='Give one of them'):
        build_data(
            typed_data, 'val', 'known', metainfo=dict(classes=('lesion',))
        )


def test_an_unknown_lesion_beside_a_known_one_is_ignored(typed_data):
    path = typed_data / 'val.json'
    document = json.loads(path.read_text())
    document['annotations'][1]['image_id'] = document['images'][0]['id']
    write_json(path, document)
    lesions = build_data(typed_data, 'val', 'known').get_data_info(0)
    flags = [lesion['ignore_flag'] for lesion in lesions['instances']]
    assert flags == [0, 1]


def prediction(number, box, label, score=0.9):
    return {
        'img_id': number,
        'ori_shape': (64, 64),
        'pred_instances': {
            'bboxes': torch.tensor([box]) + 0.5,
            'scores': torch.tensor([score]),
            'labels': torch.tensor([label]),
        },
    }


def test_froc_is_of_all_and_of_each_type(typed_data, tmp_path):
    document = json.loads((typed_data / 'test.json').read_text())
    boxes = []
    for lesion in document['annotations']:
        x, y, width, height = lesion['bbox']
        boxes.append([x, y, x + width, y + height])
    metric = METRICS.build(
        dict(
            type='mmuldor.FROCMetric',
            ann_file=str(typed_data / 'test.json'),
            lesion_types='known',
            out=str(tmp_path / 'out.json'),
        )
    )
    metric.dataset_meta = {'classes': type_classes('known')}
    # Both lesions are found; that of the lung is called one of the liver.
    metric.process(None, [prediction(201, boxes[0], 3)])
    metric.process(None, [prediction(202, boxes[1], 3)])
    figures = metric.evaluate(2)
    assert figures['froc/max_sens'] == 1
    assert figures['froc/liver/max_sens'] == 1
    assert figures['froc/lung/max_sens'] == 0
    # One false liver on two images.
    assert figures['froc/liver/sens@0.5'] == 1
    written = json.loads((tmp_path / 'out.json').read_text())
    assert [r['lesion_type'] for r in written] == ['liver', 'liver']
    assert [r['category_id'] for r in written] == [1, 1]
    with pytest.raises(ValueError, match='must be numbers of'):
        metric.process(None, [prediction(201, boxes[0], 8)])


@pytest.mark.parametrize('asked', [None, 'all'])
def test_a_metric_refuses_other_classes_when_it_is_built(typed_data, asked):
    metric = METRICS.build(
        dict(
            type='mmuldor.FROCMetric',
            ann_file=str(typed_data / 'test.json'),
            lesion_types=asked,
        )
    )
    with pytest.raises(ValueError, match='the same `lesion_types`'):
        metric.dataset_meta = {'classes': type_classes('known')}


def test_types_from_data_to_lesions(typed_data, tmp_path):
    config = configure(TYPED, typed_data, tmp_path)
    findings = list(check_config(config, tmp_path / 'check'))
    assert not [f.text for f in findings if f.level == 'error']
    train_detector(configure(TYPED, typed_data, tmp_path))
    weights = str(tmp_path / 'work/epoch_1.pth')
    config = configure(TYPED, typed_data, tmp_path)
    config.model.test_cfg.rcnn.score_thr = 0.0
    figures = evaluate_detector(
        config, weights, show_dir=str(tmp_path / 'pictures')
    )
    assert {'froc/mean', 'froc/liver/mean', 'froc/lung/mean'} <= set(figures)
    assert list((tmp_path / 'pictures').glob('*.png'))
    detector = LesionDetector(config, weights, 'cpu', 0.0)
    hu = np.zeros((3, 64, 64), dtype=np.int16)
    found = detector.detect(Volume(hu, np.diag([0.8, 0.8, 2, 1]), 'scan'))
    assert {lesion.lesion_type for lesion in found} <= set(
        type_classes('known')
    )
    assert found
    config.test_dataloader.dataset.lesion_types = None
    with pytest.raises(ValueError, match='one lesion class'):
        LesionDetector(config, weights, 'cpu', 0.0)


@pytest.mark.parametrize('split', ['train', 'val'])
def test_data_of_other_classes_are_refused_before_training(
    typed_data, tmp_path, split
):
    config = configure(UNTYPED, typed_data, tmp_path)
    loader = config[f'{split}_dataloader']
    loader.dataset.ann_file = 'test.json'
    loader.dataset.lesion_types = 'known'
    if split == 'val':
        config.val_evaluator.lesion_types = 'known'
        config.val_evaluator.ann_file = str(typed_data / 'test.json')
    with pytest.raises(ValueError, match='classes'):
        train_detector(config)
    assert not list((tmp_path / 'work').glob('*.pth'))


def test_false_positives_are_not_added_to_lesion_types(typed_data):
    with pytest.raises(ValueError, match="the class 'abdomen'"):
        build_data(
            typed_data,
            'test',
            'known',
            pipeline=[dict(type='mmuldor.AddHardNegatives')],
        )
