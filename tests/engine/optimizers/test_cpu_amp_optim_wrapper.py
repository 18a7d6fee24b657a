"""`--amp` computes losses in 16 bits where a device is fast in them."""

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmuldor.apis.configs import precision
from mmuldor.apis.configs.precision import enable_amp
from mmuldor.apis.training import train_detector
from mmuldor.engine.hooks import ChannelsLastHook
from mmuldor.engine.optimizers.cpu_amp_optim_wrapper import CPUAmpOptimWrapper
from tests.support.repeated_training import SPREAD, losses, packed_samples

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')


@pytest.mark.parametrize(
    ('bfloat16', 'dtype', 'scale'),
    [(False, 'float16', 'dynamic'), (True, 'bfloat16', 1.0)],
)
def test_on_a_gpu(mini_config, monkeypatch, bfloat16, dtype, scale):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(
        torch.cuda,
        'is_bf16_supported',
        # Every GPU emulates it.
        lambda including_emulation=True: including_emulation or bfloat16,
    )
    mini_config.default_hooks.pop('channels_last')
    wrapper = enable_amp(mini_config).optim_wrapper
    assert (wrapper.type, wrapper.dtype) == ('AmpOptimWrapper', dtype)
    assert wrapper.loss_scale == scale
    assert wrapper.optimizer.type == 'AdamW'
    hook = mini_config.default_hooks.channels_last
    assert hook.type == f'mmuldor.{ChannelsLastHook.__name__}'


@no_gpu
def test_neither_a_gpu_nor_such_a_cpu(mini_config, monkeypatch):
    monkeypatch.setattr(precision, 'has_amx', lambda: False)
    with pytest.raises(ValueError, match='`--amp` needs a GPU, or a CPU with'):
        train_detector(mini_config, amp=True)


def test_layers_compute_in_bfloat16_and_weights_stay():
    layer = torch.nn.Linear(4, 2)
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)
    wrapper = CPUAmpOptimWrapper(optimizer)
    before = layer.weight.detach().clone()
    with wrapper.optim_context(layer):
        out = layer(torch.ones(3, 4))
    assert out.dtype == torch.bfloat16
    wrapper.update_params(out.float().sum())
    assert layer.weight.dtype == torch.float32
    # The gradient of each weight is the sum of three ones.
    torch.testing.assert_close(layer.weight.detach(), before - 0.3)
    assert layer(torch.ones(3, 4)).dtype == torch.float32


@no_gpu
def test_a_training_on_the_cpu(mini_config, monkeypatch, tmp_path):
    # Such a unit only makes it fast.
    monkeypatch.setattr(precision, 'has_amx', lambda: True)
    losses, update = [], OptimWrapper.update_params

    def recorded(self, loss, *args, **kwargs):
        losses.append(loss.item())
        update(self, loss, *args, **kwargs)

    monkeypatch.setattr(OptimWrapper, 'update_params', recorded)
    plain = copy.deepcopy(mini_config)
    plain.work_dir = str(tmp_path / 'float32')
    train_detector(plain)
    expected = losses.copy()
    losses.clear()
    train_detector(mini_config, amp=True)
    assert (tmp_path / 'work/epoch_3.pth').is_file()
    assert len(losses) == len(expected)
    assert losses != expected
    assert losses[0] == pytest.approx(expected[0], rel=0.02)


@pytest.mark.slow
def test_two_hundred_iterations(mini_config):
    """bfloat16 learns as float32 does, on the same batches and draws."""
    samples = packed_samples(mini_config)
    means = []
    for kind in (OptimWrapper, CPUAmpOptimWrapper):
        found = losses(mini_config, samples, kind, 200)
        assert found[-50:].mean() < 0.2 * found[:10].mean()
        means.append(found[-50:].mean())
    assert means[1] == pytest.approx(means[0], rel=SPREAD)
    assert means[1] != means[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no GPU')
def test_a_training_on_a_gpu(mini_config, tmp_path):
    train_detector(mini_config, amp=True)
    assert (tmp_path / 'work/epoch_3.pth').is_file()
