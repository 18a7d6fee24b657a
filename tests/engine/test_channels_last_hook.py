"""The layout of maps changes, what is computed does not."""

import pytest
import torch

from mmuldor.apis.precision import use_amp
from mmuldor.apis.runs import build_runner, train_detector
from mmuldor.engine.hooks import ChannelsLastHook


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
    plain, weight = first_loss(mini_config)
    assert not weight.is_contiguous(memory_format=torch.channels_last)
    mini_config.default_hooks.channels_last = dict(
        type='mmuldor.ChannelsLastHook'
    )
    turned, weight = first_loss(mini_config)
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert turned.item() == pytest.approx(plain.item(), rel=1e-4)


@pytest.mark.parametrize(
    ('dtype', 'scale'), [('float16', 'dynamic'), ('bfloat16', 1.0)]
)
def test_any_config_trains_in_mixed_precision(mini_config, dtype, scale):
    wrapper = use_amp(mini_config, dtype).optim_wrapper
    assert (wrapper.type, wrapper.dtype) == ('AmpOptimWrapper', dtype)
    assert wrapper.loss_scale == scale
    assert wrapper.optimizer.type == 'AdamW'
    hook = mini_config.default_hooks.channels_last
    assert hook.type == f'mmuldor.{ChannelsLastHook.__name__}'


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_mixed_precision_without_a_gpu(mini_config):
    with pytest.raises(ValueError, match='`--amp` needs a GPU'):
        train_detector(mini_config, amp=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_mixed_precision_on_a_gpu(mini_config, tmp_path):
    train_detector(mini_config, amp=True)
    assert (tmp_path / 'work/epoch_3.pth').is_file()
