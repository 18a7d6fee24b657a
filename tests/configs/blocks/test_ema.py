"""Average of the weights beside mining, validation and checkpoints."""

import math

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmuldor.apis import mine_hard_negatives
from mmuldor.engine.hooks import hnem_hook
from tests.support.small_configs import save_untrained

NAME = 'rpn_head.rpn_cls.weight'


class Weights(Hook):
    """Weights after each iteration, and those that validate."""

    priority = 'LOWEST'

    def __init__(self):
        self.trained, self.validated = [], []

    @staticmethod
    def of(runner):
        return runner.model.state_dict()[NAME].clone()

    def after_train_iter(self, runner, *args, **kwargs):
        self.trained.append(self.of(runner))

    def before_val_epoch(self, runner):
        self.validated.append(self.of(runner))


def averaged(weights, momentum, gamma):
    """YOLOX's average of weights, the first one taken as it is."""
    average = weights[0]
    for step, weight in enumerate(weights[1:], start=1):
        share = (1 - momentum) * math.exp(-(1 + step) / gamma) + momentum
        average = average + share * (weight - average)
    return average


def test_average_validates_and_is_saved_and_the_other_mines(
    root, mini_config, monkeypatch
):
    short = Config.fromfile(root / 'configs/_base_/variants/ema.py').ema_short
    config = mini_config
    config.default_hooks.ema = short
    config.train_cfg.update(max_epochs=2, val_interval=1)
    mined = []
    mine = hnem_hook.mine

    def watched(model, *args):
        mined.append(model.state_dict()[NAME].clone())
        return mine(model, *args)

    monkeypatch.setattr(hnem_hook, 'mine', watched)
    runner, weights = Runner.from_cfg(config), Weights()
    runner.register_hook(weights)
    runner.train()
    trained = weights.trained
    each = len(trained) // 2
    # Mined once, after the first epoch of two.
    assert len(mined) == 1
    assert torch.equal(mined[0], trained[each - 1])
    for epoch in (1, 2):
        expected = averaged(trained[: epoch * each], 0.01, 40)
        assert not torch.allclose(expected, trained[epoch * each - 1])
        path = f'{config.work_dir}/epoch_{epoch}.pth'
        saved = torch.load(path, weights_only=False)
        torch.testing.assert_close(saved['state_dict'][NAME], expected)
        torch.testing.assert_close(weights.validated[epoch - 1], expected)
        kept = saved['ema_state_dict'][f'module.{NAME}']
        assert torch.equal(kept, trained[epoch * each - 1])


def test_the_tool_mines_with_any_hooks(mini_config, tmp_path):
    mini_config.default_hooks.ema = dict(type='EMAHook')
    weights = save_untrained(mini_config, tmp_path / 'w.pth')
    counts = mine_hard_negatives(mini_config, weights, tmp_path / 'bank.json')
    assert counts['mined'] > 0


@pytest.mark.parametrize(
    ('size', 'momentum'),
    [
        ('r101_fpn_ema-12e_deeplesion', 0.0002),
        ('r18_fpn_ema-5e_phantom', 0.01),
    ],
)
def test_the_hook_stands_beside_the_others(root, size, momentum):
    folder = root / 'configs/blocks/model'
    hooks = Config.fromfile(folder / f'mask-rcnn_{size}.py').default_hooks
    assert hooks.ema.momentum == momentum
    assert hooks.checkpoint.type == 'mmuldor.CarefulCheckpointHook'
    # Heads are expanded before the average takes a checkpoint's weights.
    assert list(hooks).index('heads') < list(hooks).index('ema')
