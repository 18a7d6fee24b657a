"""A whole model on mmcv's own operators, in both layouts, beside ours."""

import copy
import sys

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import DATASETS, MODELS, init_default_scope

import mmuldor.models  # noqa: F401
from mmuldor.engine.hooks.channels_last_hook import to_channels_last

pytestmark = pytest.mark.slow
# Layout, and whether the operators are mmcv's own.
KINDS = [(last, own) for last in (False, True) for own in (False, True)]


@pytest.fixture
def use(compiled):
    """Choose the operators that mmcv calls."""
    modules = [sys.modules[f'mmcv.ops.{m}'] for m in ('nms', 'roi_align')]
    before = [module.ext_module for module in modules]

    def choose(own):
        for module, extension in zip(modules, before, strict=True):
            module.ext_module = compiled if own else extension

    yield choose
    choose(False)


@pytest.fixture
def model(mini_config):
    init_default_scope('mmdet')
    # Layers of 8 channels may not be laid out the other way.
    mini_config.model.backbone.base_channels = 16
    mini_config.model.neck.in_channels = [16, 32, 64, 128]
    torch.manual_seed(0)
    model = MODELS.build(mini_config.model)
    model.init_weights()
    return model


@pytest.fixture
def batches(mini_config):
    """Twenty batches of two images with targets."""
    mini_config.train_dataloader.dataset.pipeline = (
        mini_config.val_loss_pipeline
    )
    dataset = DATASETS.build(mini_config.train_dataloader.dataset)
    samples = [dataset[index] for index in range(len(dataset))]
    return [
        pseudo_collate([samples[2 * i % 6], samples[(2 * i + 1) % 6]])
        for i in range(20)
    ]


def laid_out(model, last):
    model = copy.deepcopy(model)
    if last:
        to_channels_last(model)
        weight = model.backbone.layer1[0].conv1.weight
        assert not weight.is_contiguous()
    return model


def test_roi_features_and_detections(model, batches, use):
    found = []
    for last, own in KINDS:
        use(own)
        detector = laid_out(model, last).eval()
        features = []
        handle = detector.roi_head.bbox_roi_extractor.register_forward_hook(
            lambda _m, _i, out, features=features: features.append(out)
        )
        with torch.no_grad():
            (sample, _) = detector.test_step(batches[0])
        handle.remove()
        scores = sample.pred_instances.scores.sort(descending=True).values
        found.append((features[0], scores))
    reference, scores = found[0]
    for others, other_scores in found[1:]:
        error = (others - reference).abs().max() / reference.abs().max()
        assert error < 1e-4
        torch.testing.assert_close(other_scores, scores, atol=1e-4, rtol=0)


def test_twenty_iterations(model, batches, use):
    means, firsts = [], []
    for last, own in KINDS:
        use(own)
        trained = laid_out(model, last).train()
        optimiser = torch.optim.SGD(trained.parameters(), 0.005, 0.9)
        wrapper = OptimWrapper(optimiser, clip_grad=dict(max_norm=10))
        losses = []
        for number, batch in enumerate(batches):
            torch.manual_seed(number)
            log = trained.train_step(copy.deepcopy(batch), wrapper)
            losses.append(float(log['loss']))
        firsts.append(losses[0])
        means.append(np.mean(losses))
    np.testing.assert_allclose(firsts, firsts[0], rtol=1e-4)
    np.testing.assert_allclose(means, means[0], rtol=0.02)
