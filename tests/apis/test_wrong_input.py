"""Paths where something read is wanted, and what a config has not."""

import pytest
from mmengine.logging import MMLogger

from mmuldor.apis import evaluate_detector
from mmuldor.apis.lesion_detector import LesionDetector


def test_paths_in_place_of_what_was_read(narrow_config, narrow_weights):
    with pytest.raises(TypeError, match=r'load_config.*tiny\.py'):
        LesionDetector('tiny.py', narrow_weights, 'cpu')
    detector = LesionDetector(narrow_config, narrow_weights, 'cpu')
    with pytest.raises(TypeError, match=r'read_scan.*scan\.nii'):
        detector.detect('scan.nii.gz')


def test_a_split_that_the_config_has_not(narrow_config, narrow_weights):
    narrow_config.val_dataloader = None
    with pytest.raises(ValueError, match=r'`val_dataloader\.dataset` must be'):
        evaluate_detector(narrow_config, narrow_weights, split='val')


def test_data_of_other_annotations(narrow_config, narrow_weights):
    dataset = narrow_config.test_dataloader.dataset
    dataset.data_root = 'elsewhere'
    match = r'`test_evaluator\.ann_file` is .*reads elsewhere'
    with pytest.raises(ValueError, match=match):
        evaluate_detector(narrow_config, narrow_weights)


def test_weights_that_a_config_does_not_use(
    narrow_config, narrow_weights, caplog
):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    LesionDetector(narrow_config, narrow_weights, 'cpu')
    assert 'not used' not in caplog.text
    narrow_config.model.roi_head.mask_head = None
    narrow_config.model.roi_head.mask_roi_extractor = None
    LesionDetector(narrow_config, narrow_weights, 'cpu')
    logger.removeHandler(caplog.handler)
    assert 'are not used, for example `roi_head.mask' in caplog.text
