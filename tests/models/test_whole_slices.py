"""Detectors move predictions on a crop to the whole slice."""

import copy

import pytest
import torch
from mmdet.models.detectors import BaseDetector, MaskFormer, MaskRCNN
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

import mmuldor.models  # noqa: F401

CROP = dict(crop_bbox=(50, 20, 90, 50), whole_shape=(80, 100))


def sample(**meta):
    return DetDataSample(metainfo=dict(ori_shape=(30, 40), **meta))


def predicted():
    """Columns 2 to 11 and rows 3 to 8 of the crop."""
    mask = torch.zeros((1, 30, 40), dtype=torch.bool)
    mask[0, 3:9, 2:12] = True
    return InstanceData(
        bboxes=torch.tensor([[2.0, 3.0, 12.0, 9.0]]),
        scores=torch.tensor([0.9]),
        labels=torch.tensor([0]),
        masks=mask,
    )


@pytest.mark.parametrize('detector', [BaseDetector, MaskRCNN])
def test_predictions_leave_the_detector_in_the_slice(detector):
    on_crop, on_slice = sample(**CROP), sample()
    add = detector.add_pred_to_datasample
    found, plain = add(None, [on_crop, on_slice], [predicted(), predicted()])
    assert found.pred_instances.bboxes.tolist() == [[52, 23, 62, 29]]
    assert found.pred_instances.masks.shape == (1, 80, 100)
    assert found.pred_instances.masks[0, 23:29, 52:62].all()
    assert found.pred_instances.masks.sum() == 60
    assert found.ori_shape == (80, 100)
    assert plain.pred_instances.bboxes.tolist() == [[2, 3, 12, 9]]
    assert plain.ori_shape == (30, 40)


def test_another_prediction_on_the_sample_moves_as_far():
    found = sample(**CROP)
    for _ in range(2):
        BaseDetector.add_pred_to_datasample(None, [found], [predicted()])
        assert found.pred_instances.bboxes.tolist() == [[52, 23, 62, 29]]
        assert found.ori_shape == (80, 100)


def test_a_detector_with_a_step_of_its_own_moves_them():
    found = sample(**CROP)
    given = copy.deepcopy(predicted())
    MaskFormer.add_pred_to_datasample(None, [found], [{'ins_results': given}])
    assert found.pred_instances.bboxes.tolist() == [[52, 23, 62, 29]]
    nothing = sample(**CROP)
    MaskFormer.add_pred_to_datasample(None, [nothing], [{}])
    assert 'pred_instances' not in nothing
