"""Fused norms give the results of the model, also where convs are shared."""

import copy

import pytest
import torch
from mmcv.cnn import ConvModule
from mmengine.config import Config
from torch import nn

from mmuldor.engine.detection.fused_norms import fuse_norms
from mmuldor.upstream.layers import NORMS
from tests.support.small_configs import SMALL, untrained


def learn(model):
    """Statistics as of a training: untrained ones change nothing."""
    torch.manual_seed(0)
    for module in model.modules():
        if isinstance(module, NORMS):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
    return model.eval()


def tensors(found):
    """All tensors in nested results."""
    if isinstance(found, torch.Tensor):
        return [found]
    return [tensor for part in found for tensor in tensors(part)]


@pytest.mark.parametrize(
    'path',
    [path for path in SMALL if 'dino' not in path.name],
    ids=lambda path: path.stem,
)
@torch.no_grad()
def test_every_detector_stays_as_it_is(path):
    config = Config.fromfile(path)
    model = learn(untrained(config))
    head = getattr(model, 'bbox_head', None) or model.rpn_head
    images = torch.randn(1, 3, 64, 64)
    expected = tensors(head(model.extract_feat(images)))
    fused = fuse_norms(model)
    head = getattr(fused, 'bbox_head', None) or fused.rpn_head
    found = tensors(head(fused.extract_feat(images)))
    for one, other in zip(found, expected, strict=True):
        scale = float(other.abs().max()) + 1e-6
        assert float((one - other).abs().max()) < 1e-3 * scale


def test_a_shared_convolution_gets_each_norm_once():
    first, second = (ConvModule(2, 2, 3, norm_cfg=dict(type='BN'))
                     for _ in range(2))  # fmt: skip
    second.conv = first.conv
    model = learn(nn.ModuleList([first, second]))
    images = torch.randn(1, 2, 6, 6)
    expected = [part(images) for part in copy.deepcopy(model)]
    fused = fuse_norms(model)
    assert not [m for m in fused.modules() if isinstance(m, NORMS)]
    for part, right in zip(fused, expected, strict=True):
        torch.testing.assert_close(part(images), right)
