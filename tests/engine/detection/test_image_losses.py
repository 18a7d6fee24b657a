import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from torch import nn

import mmuldor.registry  # noqa: F401
from mmuldor.engine.detection.image_losses import (
    _merge_classes,
    heads_in_training,
    mean_of_images,
    other_classes_as_background,
)


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
