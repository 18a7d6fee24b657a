from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.utils import dist_utils
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import InstanceData
from torch import nn

import mmuldor.registry  # noqa: F401
from mmuldor.engine.detection.image_losses import (
    _merge_classes,
    heads_in_training,
    losses_by_image,
    mean_of_images,
    other_classes_as_background,
)
from tests.support.small_configs import CONFIGS, untrained


class Head(nn.Module):
    """A box head of so many classes."""

    def __init__(self, num_classes, **loss):
        super().__init__()
        init_default_scope('mmdet')
        self.num_classes = num_classes
        self.loss_cls = MODELS.build(
            dict(type='mmdet.CrossEntropyLoss', **loss)
        )


def detector_of(*heads):
    model = nn.Module()
    model.roi_head = nn.Module()
    model.roi_head.bbox_head = (
        heads[0] if len(heads) == 1 else nn.ModuleList(heads)
    )
    return model


@pytest.mark.parametrize('stages', [1, 3])
def test_a_background_region_called_false_positive_is_right(stages):
    heads = [Head(2) for _ in range(stages)]
    # Lesion, false positive, background: probabilities 0.1, 0.8, 0.1.
    scores = torch.tensor([[0.1, 0.8, 0.1]]).log()
    background, lesion = torch.tensor([2]), torch.tensor([0])
    with other_classes_as_background(detector_of(*heads), 1):
        for head in heads:
            loss = head.loss_cls
            assert loss(scores, background).exp() == pytest.approx(1 / 0.9)
            assert loss(scores, lesion).exp() == pytest.approx(10)
    for head in heads:
        assert head.loss_cls(scores, background).exp() == pytest.approx(10)


def test_classes_that_are_targets_are_left_as_they_are():
    head = Head(2)
    scores = torch.tensor([[0.1, 0.8, 0.1]]).log()
    with other_classes_as_background(detector_of(head), 2):
        loss = head.loss_cls(scores, torch.tensor([2]))
    assert loss.exp() == pytest.approx(10)


def test_a_detector_without_box_head_is_left_as_it_is():
    with other_classes_as_background(nn.Linear(1, 1), 1):
        pass


def test_several_targets_and_a_class_beside():
    scores = torch.tensor([[0.2, 0.3, 0.4, 0.1]]).log()
    merged, other = _merge_classes(2, None, (scores, 'labels'))
    assert merged.exp().tolist() == [pytest.approx([0.2, 0.3, 0.0, 0.5])]
    assert other == 'labels'


def test_heads_train_while_norms_and_backbone_evaluate():
    model = nn.Module()
    model.backbone = nn.Sequential(nn.Conv2d(1, 1, 1))
    model.head = nn.Sequential(
        nn.Linear(1, 1), nn.BatchNorm2d(1), nn.Dropout()
    )
    model.eval()
    with heads_in_training(model):
        assert model.training
        assert model.head[0].training
        assert not model.head[1].training
        assert not model.head[2].training
        assert not any(m.training for m in model.backbone.modules())
    assert not any(m.training for m in model.modules())


def test_the_mean_is_of_images_whatever_process_had_them():
    one = {3: {'val_loss': 1.0}, 1: {'val_loss': 2.0}}
    other = {2: {'val_loss': 6.0}, 3: {'val_loss': 1.0}}
    assert mean_of_images([one, other]) == {'val_loss': 3.0}
    assert mean_of_images([other, one]) == mean_of_images([one, other])


def test_a_loss_asks_no_other_process(monkeypatch):
    """Others have other images, or none left, and would not answer."""
    name = 'detectors/rtmdet_tiny_5e_phantom.py'
    model = untrained(Config.fromfile(CONFIGS / name)).eval()
    images = torch.randn(1, 3, 64, 64)
    size = dict(img_shape=(64, 64), pad_shape=(64, 64))
    sample = DetDataSample(
        metainfo=dict(size, img_id=7, batch_input_shape=(64, 64))
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[10.0, 10.0, 40.0, 40.0]]),
        labels=torch.tensor([0]),
    )
    sample.ignored_instances = InstanceData(bboxes=torch.zeros(0, 4))
    data = dict(inputs=images, data_samples=[sample])

    def fail(*_, **__):
        raise AssertionError('asked the other processes')

    asked = SimpleNamespace(
        is_available=lambda: True,
        is_initialized=lambda: True,
        get_world_size=lambda: 2,
        all_reduce=fail,
        ReduceOp=SimpleNamespace(SUM=0),
    )
    monkeypatch.setattr(dist_utils, 'dist', asked)
    with torch.no_grad():
        features = model.extract_feat(images)
        with pytest.raises(AssertionError, match='asked'):
            model.loss(images, [sample])
    state = np.random.get_state()[1].tolist()
    losses = losses_by_image(model, data, features, 0, 1)
    assert losses[7]['val_loss'] > 0
    assert dist_utils.dist is asked
    assert np.random.get_state()[1].tolist() == state
