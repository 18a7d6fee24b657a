"""Which detectors learn background in ignored regions."""

import pytest
import torch
from mmdet.models.task_modules.assigners import DynamicSoftLabelAssigner
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.registry import TASK_UTILS
from mmengine.structures import InstanceData

from mmuldor.engine.detection.heads import (
    assigners_of_background,
    warning_of_ignored,
)
from tests.support.small_configs import CONFIGS, SMALL, untrained

# DETR's assigner alone has no way to ignore a region.
BLIND = {'dino-4scale_r18_5e_phantom.py': ['HungarianAssigner']}


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.name)
def test_detectors_of_the_configs(path):
    model = untrained(Config.fromfile(path))
    blind = BLIND.get(path.name, [])
    assert assigners_of_background(model) == blind
    assert warning_of_ignored(model, 0) is None
    warning = warning_of_ignored(model, 3)
    assert bool(warning) == bool(blind)
    if blind:
        assert '3 ignored regions, but HungarianAssigner learns' in warning


def test_an_assigner_without_its_threshold_is_blind():
    config = Config.fromfile(SMALL[0])
    model = untrained(config)
    model.rpn_head.assigner.ignore_iof_thr = -1
    assert assigners_of_background(model) == ['MaxIoUAssigner']


def priors():
    """Points 8 px apart on an image of 64 px, and their strides."""
    y, x = torch.meshgrid(torch.arange(8), torch.arange(8), indexing='ij')
    points = torch.stack([x, y], dim=-1).reshape(-1, 2) * 8.0
    return torch.cat([points, torch.full((64, 2), 8.0)], dim=1)


def assigned(lesions, ignored):
    assigner = TASK_UTILS.build(
        dict(type='mmuldor.IgnoringSoftLabelAssigner', topk=4)
    )
    assert isinstance(assigner, DynamicSoftLabelAssigner)
    points = priors()
    half = torch.tensor([-8.0, -8.0, 8.0, 8.0])
    found = InstanceData(
        priors=points,
        bboxes=points[:, [0, 1, 0, 1]] + half,
        scores=torch.zeros(64, 1),
    )
    truth = InstanceData(
        bboxes=torch.tensor(lesions).reshape(-1, 4),
        labels=torch.zeros(len(lesions), dtype=torch.long),
    )
    regions = InstanceData(bboxes=torch.tensor(ignored).reshape(-1, 4))
    return assigner.assign(found, truth, regions).gt_inds.reshape(8, 8)


def test_points_in_a_region_are_neither_lesion_nor_background():
    # Columns 3 to 5 and rows 0 and 1: points at 24, 32, 40 and 0, 8.
    inds = assigned([], [[20.0, 0.0, 40.0, 9.0]])
    expected = torch.zeros(8, 8, dtype=torch.long)
    expected[:2, 3:6] = -1
    assert torch.equal(inds, expected)
    assert not assigned([], []).any()


def test_a_lesion_in_a_region_stays_a_lesion():
    lesion = [[30.0, 30.0, 50.0, 50.0]]
    alone = assigned(lesion, [])
    inds = assigned(lesion, [[0.0, 0.0, 64.0, 64.0]])
    assert (alone == 1).any()
    assert torch.equal(inds == 1, alone == 1)
    assert (inds[alone != 1] == -1).all()


@pytest.mark.parametrize('ignored', [False, True])
def test_rtmdet_learns_nothing_in_a_region(ignored):
    """Of an image without lesions that is ignored as a whole."""
    path = CONFIGS / 'detectors/rtmdet_tiny_5e_phantom.py'
    model = untrained(Config.fromfile(path)).train()
    sample = DetDataSample(
        metainfo={
            'img_shape': (64, 64),
            'pad_shape': (64, 64),
            'batch_input_shape': (64, 64),
        }
    )
    none = InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long())
    all_of_it = torch.tensor([[-1.0, -1.0, 65.0, 65.0]])
    sample.gt_instances = none
    sample.ignored_instances = InstanceData(
        bboxes=all_of_it if ignored else torch.zeros(0, 4),
        labels=torch.zeros(int(ignored)).long(),
    )
    losses = model.loss(torch.rand(2, 3, 64, 64), [sample, sample])
    background = sum(losses['loss_cls']).item()
    assert (background == 0) == ignored
