"""The layout of maps changes, what is computed does not."""

import pytest
import torch

from mmuldor.apis.configs.precision import apply_memory_format
from mmuldor.apis.runs import build_runner
from mmuldor.engine.hooks.channels_last_hook import to_channels_last


def first_loss(config):
    """The loss of the first batch, by a model that ran the hooks."""
    runner = build_runner(config)
    torch.manual_seed(0)
    runner.model.init_weights()
    runner.call_hook('before_run')
    batch = next(iter(runner.build_dataloader(config.train_dataloader, 0)))
    data = runner.model.data_preprocessor(batch, True)
    torch.manual_seed(0)
    losses = runner.model.loss(data['inputs'], data['data_samples'])
    weight = runner.model.backbone.layer1[0].conv1.weight
    return runner.model.parse_losses(losses)[0], weight


def test_results_stay_but_for_rounding(mini_config):
    mini_config.default_hooks.hnem = None
    mini_config.model.backbone.base_channels = 16
    mini_config.model.neck.in_channels = [16, 32, 64, 128]
    turned, weight = first_loss(mini_config)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    mini_config.default_hooks.channels_last = None
    plain, weight = first_loss(mini_config)
    assert not weight.is_contiguous(memory_format=torch.channels_last)
    assert turned.item() == pytest.approx(plain.item(), rel=1e-4)


def test_a_model_outside_a_run_is_laid_out_alike(mini_config):
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3))
    apply_memory_format(model, mini_config)
    last = torch.channels_last
    assert model[0].weight.is_contiguous(memory_format=last)
    mini_config.default_hooks.channels_last = None
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3))
    apply_memory_format(model, mini_config)
    assert not model[0].weight.is_contiguous(memory_format=last)


@pytest.mark.parametrize(
    ('channels', 'kernel', 'stride', 'turned'),
    [
        ((64, 128), 1, 2, True),
        ((8, 16), 1, 2, False),
        ((16, 8), 1, 2, False),
        ((8, 16), 1, 1, True),
        ((8, 16), 3, 2, True),
    ],
)
def test_layers_whose_gradient_is_broken(channels, kernel, stride, turned):
    first = torch.nn.Conv2d(3, channels[0], 3)
    last = torch.nn.Conv2d(*channels, kernel, stride)
    to_channels_last(torch.nn.Sequential(first, last))
    found = first.weight.is_contiguous(memory_format=torch.channels_last)
    assert found == turned
