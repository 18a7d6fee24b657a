"""Other detectors train, validate, test, are checked and find lesions."""

import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmuldor.apis import evaluate_detector, train_detector
from mmuldor.apis.checks.config import check_config
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.scans.volume import Volume
from tests.support.small_configs import SMALL, configure

ROOT = Path(__file__).resolve().parents[2]
WITH_MASKS = ('cascade-mask-rcnn', 'mask-rcnn')


def test_there_are_seven():
    assert len(SMALL) == 7


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.stem)
def test_a_detector_from_data_to_lesions(path, mini_data, tmp_path):
    config = configure(path, mini_data, tmp_path)
    levels = {f.level for f in check_config(config, tmp_path / 'check')}
    assert 'error' not in levels
    train_detector(configure(path, mini_data, tmp_path))
    scalars = sorted((tmp_path / 'work').glob('*/vis_data/scalars.json'))
    last = json.loads(scalars[-1].read_text().splitlines()[-1])
    assert np.isfinite(last['val_loss'])
    assert 0 <= last['froc/mean'] <= 1
    (weights,) = (tmp_path / 'work').glob('epoch_1.pth')
    out = tmp_path / 'results.json'
    config = configure(path, mini_data, tmp_path)
    # A second metric beside.
    config.test_evaluator = [
        config.test_evaluator,
        dict(type='mmdet.DumpDetResults', out_file_path=str(out) + '.pkl'),
    ]
    metrics = evaluate_detector(config, str(weights), str(out))
    assert 'froc/mean' in metrics
    results = json.loads(out.read_text())
    masks = path.stem.startswith(WITH_MASKS)
    assert results
    assert all(('segmentation' in result) == masks for result in results)
    config = configure(path, mini_data, tmp_path)
    detector = LesionDetector(config, str(weights), 'cpu', 0.0)
    hu = np.zeros((3, 64, 64), dtype=np.int16)
    found = detector.detect_slices(
        Volume(hu, np.diag([0.8, 0.8, 2.0, 1.0]), 'scan'), slices=[1]
    )
    assert found
    # Masks, where a detector has none, are not made up.
    if not masks:
        assert {detection.area_px for detection in found} == {0}


@pytest.mark.parametrize('name', ['retinanet_r18_fpn', 'dino-4scale_r18'])
def test_hard_negatives_of_other_detectors_are_refused_before_training(
    mini_config, name
):
    model = Config.fromfile(
        ROOT / f'configs/detectors/{name}_5e_phantom.py'
    ).model
    model.bbox_head.num_classes = 2
    mini_config._cfg_dict['model'] = model
    with pytest.raises(ValueError, match='two-stage detector with a mask'):
        train_detector(mini_config)
    assert not list(Path(mini_config.work_dir).glob('*.pth'))
