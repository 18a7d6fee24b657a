"""An unchanged Mask R-CNN of mmdet on whatever operators there are."""

import numpy as np
import pytest
import torch

import mmuldor  # noqa: F401  (before mmdet, which imports the operators)

CONFIG = """
_base_ = 'mmdet::_base_/models/mask-rcnn_r50_fpn.py'
model = dict(
    backbone=dict(depth=18, init_cfg=None),
    neck=dict(in_channels=[64, 128, 256, 512], out_channels=64),
    rpn_head=dict(in_channels=64, feat_channels=64),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=64),
        bbox_head=dict(in_channels=64, fc_out_channels=64, num_classes=1),
        mask_roi_extractor=dict(out_channels=64),
        mask_head=dict(
            num_convs=1, in_channels=64, conv_out_channels=64, num_classes=1)))
"""
SIZE = (96, 96)


@pytest.fixture(scope='module')
def model():
    from mmdet.registry import MODELS
    from mmdet.utils import register_all_modules
    from mmengine.config import Config

    register_all_modules(init_default_scope=False)
    torch.manual_seed(0)
    config = Config.fromstring(CONFIG, '.py')
    return MODELS.build(config.model)


@pytest.fixture
def batch():
    from mmdet.structures import DetDataSample
    from mmdet.structures.mask import BitmapMasks
    from mmengine.structures import InstanceData

    info = {'img_shape': SIZE, 'ori_shape': SIZE, 'scale_factor': (1.0, 1.0)}
    sample = DetDataSample(metainfo=info)
    mask = np.zeros((1, *SIZE), np.uint8)
    mask[0, 20:60, 30:70] = 1
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[30.0, 20, 70, 60]]),
        labels=torch.tensor([0]),
        masks=BitmapMasks(mask, *SIZE),
    )
    image = torch.from_numpy(255 * mask).expand(3, *SIZE).contiguous()
    return {'inputs': [image], 'data_samples': [sample]}


def test_one_training_step(model, batch):
    model.train()
    data = model.data_preprocessor(batch, training=True)
    losses, _ = model.parse_losses(model(**data, mode='loss'))
    losses.backward()
    assert torch.isfinite(losses)
    for part in (model.neck, model.rpn_head, model.roi_head):
        gradients = [p.grad for p in part.parameters()]
        assert all(torch.isfinite(g).all() for g in gradients)
        assert any(g.any() for g in gradients)
    # The mask branch reaches the features only through RoIAlign.
    assert model.roi_head.mask_head.convs[0].conv.weight.grad.any()


def test_one_prediction(model, batch):
    model.eval()
    model.test_cfg.rcnn.score_thr = 0.0
    with torch.no_grad():
        [result] = model.test_step(batch)
    found = result.pred_instances
    assert 0 < len(found) <= 100
    assert found.masks.shape == (len(found), *SIZE)
    assert torch.isfinite(found.bboxes).all()
    assert (found.scores[:-1] >= found.scores[1:]).all()
