import json

import numpy as np
import pytest

from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.fusion.settings import (
    Settings,
    load_settings,
    write_settings,
)

MAPS = (
    Calibration(np.array([0.0, 1.0]), np.array([0.0, 0.5])),
    Calibration(np.array([0.2, 0.4]), np.array([0.1, 0.9])),
)
TUNED = Settings('nms', 0.6, 'rank', (1.0, 2.0), ('a', 'b'), MAPS)


def test_defaults():
    settings = Settings.of().for_names(['x', 'y', 'z'], True)
    assert (settings.method, settings.iou_thr) == ('wbf-one', 0.4)
    assert (settings.scores, settings.maps) == ('none', ())
    assert settings.weights == (1, 1, 1)
    assert Settings.of('nms').iou_thr == 0.5
    given = Settings.of('wbf', 0.6, 'rank', [1, 3])
    assert given.iou_thr == 0.6
    assert (given.method, given.weights) == ('wbf', (1, 3))
    with pytest.raises(ValueError, match='weight for each of 3 results'):
        given.for_names(['x', 'y', 'z'], False)


def test_a_file_holds_all(tmp_path):
    write_settings(tmp_path / 's.json', TUNED)
    found = load_settings(tmp_path / 's.json')
    assert found.as_dict() == TUNED.as_dict()
    assert found.maps[1]([0.3]).tolist() == pytest.approx([0.5])


def test_detectors_are_found_by_name():
    turned = TUNED.for_names(['b', 'a'], True)
    assert turned.weights == (2, 1)
    assert turned.maps == MAPS[::-1]
    assert turned.names == ('b', 'a')


def test_without_names_the_order_decides():
    same = TUNED.for_names(['b_test', 'a_test'], False)
    assert same.weights == (1, 2)
    assert same.maps == MAPS
    with pytest.raises(ValueError, match=r'tuned for a, b, but .* a, c'):
        TUNED.for_names(['a', 'c'], True)
    with pytest.raises(ValueError, match='as NAME=FILE'):
        TUNED.for_names(['a', 'b', 'c'], False)


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        ('format', 'other', "'format': 'mmuldor-fusion-1'.*--tune"),
        ('method', 'vote', "`method` must be one of wbf-one, .*'vote'"),
        ('iou_thr', 0, '`iou_thr` must be a number above 0'),
        ('iou_thr', 'x', '`iou_thr`'),
        ('scores', 'log', '`scores` must be one of none, rank'),
        ('detectors', [], '`detectors` must be a list of two or more'),
    ],
)
def test_wrong_keys(tmp_path, key, value, match):
    spoil(tmp_path, lambda document: document.update({key: value}))
    with pytest.raises(ValueError, match=match):
        load_settings(tmp_path / 's.json')


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        ('name', '', r'`detectors\[1\]\.name` must be a text'),
        ('name', 'a', 'of different names'),
        ('weight', -1, r'`detectors\[1\]\.weight` must be a number of 0'),
        ('score_map', None, 'as many `scores` as `values`, but got None'),
        ('score_map', {'scores': [1], 'values': []}, 'as many'),
        ('score_map', {'scores': [1, 1], 'values': [0, 1]}, 'rising'),
        ('score_map', {'scores': [1, 2], 'values': [1, 0]}, 'do not fall'),
        ('score_map', {'scores': [1, 2], 'values': [-1, 0]}, 'from 0 on'),
    ],
)
def test_wrong_detectors(tmp_path, key, value, match):
    spoil(tmp_path, lambda doc: doc['detectors'][1].update({key: value}))
    with pytest.raises(ValueError, match=match):
        load_settings(tmp_path / 's.json')


def test_weights_that_are_all_0(tmp_path):
    spoil(tmp_path, lambda d: [e.update(weight=0) for e in d['detectors']])
    with pytest.raises(ValueError, match='not all 0'):
        load_settings(tmp_path / 's.json')


def spoil(folder, change):
    document = json.loads(json.dumps(TUNED.as_dict()))
    change(document)
    (folder / 's.json').write_text(json.dumps(document))
