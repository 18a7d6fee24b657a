"""Nothing mixes tensors of two devices, as far as a CPU can tell.

A pretended device stands in for a GPU: whole steps of training, validation,
mining and inference run with values, and their results are those of the CPU.
"""

import copy
import typing
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, MODELS, init_default_scope
from mmengine.structures import instance_data

import mmuldor.models  # noqa: F401
from mmuldor.engine.detection.candidates import CandidateBatch
from mmuldor.engine.detection.detections import Limits
from mmuldor.engine.detection.image_losses import losses_by_image
from mmuldor.engine.runner.loops import predict
from tests.support.second_device import (
    DEVICE,
    OtherDevice,
    OtherTensor,
    move,
)
from tests.support.small_configs import drop_package

ROOT = Path(__file__).resolve().parents[2]
SMALL = sorted((ROOT / 'configs/detectors').glob('*_phantom.py'))
SMALL += [
    ROOT / f'configs/{name}_phantom.py'
    for name in (
        'mask_rcnn/mask-rcnn_r18_fpn_focal-5e',
        'mask_rcnn/mask-rcnn_r18_fpn_ohem-5e',
        'faster_rcnn/faster-rcnn_r18_fpn_5e',
        'slices/3dce_r18_fpn_9slices-5e',
    )
]


def kind_of(*dtypes):
    """What MMEngine's InstanceData takes as an index of the device."""

    class Kind(type):
        def __instancecheck__(cls, value):
            return isinstance(value, OtherTensor) and value.dtype in dtypes

    return Kind('Index', (), {})


@pytest.fixture
def device(monkeypatch):
    """The pretended device, known to MMEngine."""
    yes_no, numbers = kind_of(torch.bool), kind_of(torch.int64)
    for name, plain, there in (
        ('BoolTypeTensor', torch.BoolTensor, yes_no),
        ('LongTypeTensor', torch.LongTensor, numbers),
    ):
        # Tensor types of torch know no `|`.
        union = typing.Union[(plain, there)]  # noqa: UP007
        monkeypatch.setattr(instance_data, name, union)
    known = typing.get_args(instance_data.IndexType)
    index = typing.Union[(*known, yes_no, numbers)]
    monkeypatch.setattr(instance_data, 'IndexType', index)
    return DEVICE


def build(path, data):
    config = Config.fromfile(path)
    init_default_scope('mmdet')
    dataset = config.train_dataloader.dataset
    dataset.data_root = str(data)
    dataset.pipeline = config.val_loss_pipeline
    if 'num_queries' in config.model:
        config.model.num_queries = config.model.test_cfg.max_per_img = 20
    drop_package(config)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    dataset = DATASETS.build(dataset)
    return model, pseudo_collate([dataset[0], dataset[1]])


def test_the_pretended_device_catches_a_mix(device):
    with OtherDevice():
        there = torch.zeros(3, device=device)
        assert isinstance(there, OtherTensor)
        with pytest.raises(RuntimeError, match='on the same device'):
            there + torch.ones(3)
        with pytest.raises(RuntimeError, match='on the same device'):
            torch.cat([there, torch.ones(3)])
        assert (there.new_tensor([1.0, 2.0]) + 1).tolist() == [2.0, 3.0]
        assert type(there.cpu()) is torch.Tensor
        with pytest.raises(RuntimeError):
            there.numpy()


def training(model, batch):
    torch.manual_seed(1)
    data = model.data_preprocessor(copy.deepcopy(batch), True)
    losses = model.train().loss(data['inputs'], data['data_samples'])
    loss, _ = model.parse_losses(losses)
    loss.backward()
    return [loss.item()]


def prediction(model, batch):
    torch.manual_seed(1)
    data = model.data_preprocessor(copy.deepcopy(batch), False)
    with torch.no_grad():
        features = model.eval().extract_feat(data['inputs'])
        samples = predict(model, data, features, masks=False)
    found = [sample.pred_instances.scores for sample in samples]
    return torch.cat(found).cpu().tolist()


def losses(model, batch):
    torch.manual_seed(1)
    data = model.data_preprocessor(copy.deepcopy(batch), False)
    with torch.no_grad():
        features = model.eval().extract_feat(data['inputs'])
        found = losses_by_image(model, data, features, 0, 1)
    return [float(one['val_loss']) for one in found.values()]


def there_as_here(model, batch, step, **close):
    """Run a step on both devices, and compare what it gives."""
    here = step(copy.deepcopy(model), batch)
    with OtherDevice():
        moved = move(model)
        moved.data_preprocessor._device = DEVICE
        there = step(moved, batch)
    assert len(here) > 0
    np.testing.assert_allclose(there, here, **(close or {'rtol': 1e-4}))


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.stem)
@pytest.mark.usefixtures('device')
def test_a_training_iteration(path, mini_data):
    there_as_here(*build(path, mini_data), training)


@pytest.mark.parametrize('path', SMALL, ids=lambda path: path.stem)
@pytest.mark.usefixtures('device')
def test_a_prediction(path, mini_data):
    there_as_here(*build(path, mini_data), prediction, atol=1e-4)


@pytest.mark.usefixtures('device')
def test_validation_losses(mini_data):
    path = ROOT / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
    there_as_here(*build(path, mini_data), losses)


@pytest.mark.usefixtures('device')
def test_candidates_and_masks(mini_data):
    def mined(model, batch):
        found = CandidateBatch(
            model.eval(), copy.deepcopy(batch), Limits(0.0, 0.5, 10)
        )
        masks = found.masks([range(len(own.boxes)) for own in found.images])
        return [float(mask.sum()) for part in masks for mask in part]

    path = ROOT / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
    there_as_here(*build(path, mini_data), mined, atol=2)
