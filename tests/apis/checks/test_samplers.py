"""What the RoI sampler is given, by a detector whose proposals are known."""

import logging

import numpy as np
import pytest
import torch
from mmdet.models.dense_heads import EmbeddingRPNHead
from mmdet.models.task_modules.samplers import ScoreHLRSampler
from mmdet.structures import DetDataSample
from mmengine.logging import MMLogger
from mmengine.model import BaseModule
from mmengine.structures import InstanceData

from mmuldor.apis.checks.model import untrained
from mmuldor.apis.checks.samplers import load_start, sampler_shares


def packed(*boxes):
    sample = DetDataSample(
        metainfo={'img_shape': (64, 64), 'ori_shape': (64, 64)}
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.long)
    )
    return {'inputs': torch.zeros(3, 64, 64), 'data_samples': sample}


@pytest.fixture
def model(mini_config, monkeypatch):
    """A detector that proposes three boxes in every image."""
    mini_config.model.data_preprocessor.pad_mask = False
    model = untrained(mini_config)
    boxes = torch.tensor([[0.0, 0, 20, 20], [1, 1, 21, 21], [40, 40, 60, 60]])
    monkeypatch.setattr(
        model.rpn_head,
        'predict_by_feat',
        lambda *args, **kwargs: [
            InstanceData(
                bboxes=boxes.clone(),
                scores=torch.ones(3),
                labels=torch.zeros(3, dtype=torch.long),
            )
        ],
    )
    return model


def test_shares_of_known_proposals(model):
    # Two proposals of IoU 1 and 19 x 19 / 439 = 0.82; then a lesion that has
    # none, and three negatives. Lesions themselves are added as positives.
    samples = [packed((0, 0, 20, 20)), packed((0, 40, 16, 56))]
    found = sampler_shares(model, samples, ['lesion'])
    assert found.positives.tolist() == [3, 1]
    assert found.negatives.tolist() == [1, 3]
    assert found.proposed.tolist() == [True, False]
    assert found.text == (
        'RoI sampler, with the weights of load_from, 2 images: 2.0 positive '
        'of 4 boxes an image (50%); 50% of 2 lesions have a positive proposal'
    )
    assert model.training


def test_mined_negatives_are_no_lesions(model):
    sample = packed((0, 0, 20, 20), (40, 40, 60, 60), (0, 40, 16, 56))
    labels = sample['data_samples'].gt_instances.labels
    labels[1:] = 1
    classes = ['lesion', 'false positive']
    found = sampler_shares(model, [sample], classes)
    # Two proposals and the lesion itself; the other lesion's proposal, both
    # mined boxes themselves.
    assert found.positives.tolist() == [3]
    assert found.negatives.tolist() == [3]
    assert found.proposed.tolist() == [True]


def test_samplers_that_are_no_random_choice(model, monkeypatch):
    sample = packed((0, 0, 20, 20))
    sampler = ScoreHLRSampler(8, 0.5, model.roi_head)
    monkeypatch.setattr(model.roi_head, 'bbox_sampler', sampler)
    assert sampler_shares(model, [sample], ['lesion']) is None


def test_learned_boxes_are_not_proposed(model, monkeypatch):
    """Those of Sparse R-CNN."""
    head = EmbeddingRPNHead(num_proposals=4, proposal_feature_channel=8)
    monkeypatch.setattr(model, 'rpn_head', head)
    sample = packed((0, 0, 20, 20))
    assert sampler_shares(model, [sample], ['lesion']) is None


def test_images_without_lesions(model):
    assert sampler_shares(model, [packed()], ['lesion']) is None


def test_a_start_of_one_class_keeps_what_fits(model, tmp_path):
    state = model.state_dict()
    name = 'roi_head.bbox_head.fc_cls.weight'
    changed = {
        'rpn_head.rpn_cls.bias': torch.full_like(
            state['rpn_head.rpn_cls.bias'], 0.25
        ),
        name: torch.ones(2, state[name].shape[1]),
    }
    before = state[name].clone()
    torch.save({'state_dict': changed}, tmp_path / 'start.pth')
    load_start(model, tmp_path / 'start.pth')
    after = model.state_dict()
    assert (after['rpn_head.rpn_cls.bias'] == 0.25).all()
    np.testing.assert_array_equal(after[name], before)


def test_a_failure_leaves_the_model_in_training(model, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError('no memory')

    monkeypatch.setattr(model.rpn_head, 'predict_by_feat', fail)
    with pytest.raises(RuntimeError, match='no memory'):
        sampler_shares(model, [packed((0, 0, 20, 20))], ['lesion'])
    assert model.training


def test_a_failure_leaves_the_level_of_the_log(mini_config, monkeypatch):
    def fail(self):
        raise RuntimeError('no weights')

    monkeypatch.setattr(BaseModule, 'init_weights', fail)
    logger = MMLogger.get_current_instance()
    level = logger.level
    assert level != logging.WARNING
    with pytest.raises(RuntimeError, match='no weights'):
        untrained(mini_config)
    assert logger.level == level
