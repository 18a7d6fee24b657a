"""Averaged weights get the statistics of all processes, in any loop."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import EMAHook, sync_buffer_hook
from torch import nn

from mmuldor.engine.hooks import SyncBuffersHook
from mmuldor.engine.hooks import sync_buffers_hook as module


@pytest.fixture
def runner():
    """A model with an average, after an iteration in its own process."""
    model = nn.Sequential(nn.BatchNorm1d(2))
    hook = EMAHook(momentum=0.5)
    runner = SimpleNamespace(model=model, hooks=[hook], iter=0, epoch=0)
    hook.before_run(runner)
    model.train()(torch.randn(8, 2) + 3)
    hook.after_train_iter(runner, 0)
    return runner


def statistics(runner):
    average = runner.hooks[0].ema_model.module
    return runner.model[0].running_mean, average[0].running_mean


@pytest.fixture
def mean_of_two(monkeypatch):
    """As if another process had zeros everywhere."""

    def halve(buffers, op):
        assert op == 'mean'
        for buffer in buffers:
            buffer.copy_(buffer / 2)

    for place in (module, sync_buffer_hook):
        monkeypatch.setattr(place, 'all_reduce_params', halve)
    hook = SyncBuffersHook()
    hook.distributed = True
    return hook


@pytest.mark.parametrize('moment', ['after_train_epoch', 'before_val_epoch'])
def test_both_get_the_mean_of_the_processes(runner, mean_of_two, moment):
    expected = statistics(runner)[0] / 2
    getattr(mean_of_two, moment)(runner)
    for found in statistics(runner):
        torch.testing.assert_close(found, expected)


def test_a_validation_after_an_epoch_does_not_do_it_again(runner, mean_of_two):
    expected = statistics(runner)[0] / 2
    mean_of_two.after_train_epoch(runner)
    mean_of_two.before_val_epoch(runner)
    for found in statistics(runner):
        torch.testing.assert_close(found, expected)


def test_one_process_is_left_alone(runner):
    before = [found.clone() for found in statistics(runner)]
    SyncBuffersHook().after_train_epoch(runner)
    for found, expected in zip(statistics(runner), before, strict=True):
        assert torch.equal(found, expected)
