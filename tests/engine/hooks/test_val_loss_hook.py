from pathlib import Path

import pytest
import torch
from mmengine.hooks import EarlyStoppingHook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from mmuldor.engine.hooks import val_loss_hook as module
from mmuldor.engine.hooks.val_loss_hook import ValLossHook
from mmuldor.engine.runner.brief_runner import BriefRunner


@pytest.fixture
def runner(mini_config):
    """A runner on the mini data set, ready to validate."""
    return make_runner(mini_config)


def make_runner(config):
    runner = Runner.from_cfg(config)
    for hook in runner.hooks:
        if isinstance(hook, ValLossHook):
            runner.val_loss = hook
            hook.before_train(runner)
    return runner


def loss_of(runner, seed=0):
    runner.val_loss.seed = seed
    metrics = runner.val_loop.run()
    return {k: v for k, v in metrics.items() if k.startswith('val_')}


def test_the_same_weights_give_the_same_loss(runner):
    first = loss_of(runner)
    assert loss_of(runner) == first
    # Another seed draws other samples.
    assert loss_of(runner, seed=1) != first


def test_the_generator_of_the_training_stays(runner, mini_config):
    """It stands where it would stand without the hook."""
    torch.manual_seed(5)
    loss_of(runner)
    drawn = torch.rand(1)
    mini_config.default_hooks.val_loss = None
    mini_config.default_hooks.checkpoint.save_best = None
    mini_config.default_hooks.checkpoint.rule = None
    mini_config.default_hooks.early_stopping = None
    without = BriefRunner.from_cfg(mini_config)
    torch.manual_seed(5)
    without.val_loop.run()
    assert torch.equal(torch.rand(1), drawn)


def test_the_sum_of_its_parts(runner):
    losses = loss_of(runner)
    parts = [value for name, value in losses.items() if name != 'val_loss']
    assert set(losses) == {
        *('val_loss', 'val_loss_cls', 'val_loss_bbox', 'val_loss_mask'),
        *('val_loss_rpn_cls', 'val_loss_rpn_bbox'),
    }
    assert losses['val_loss'] == pytest.approx(sum(parts), rel=1e-5)


def test_weights_stay_and_the_model_is_left_evaluating(runner):
    before = {k: v.clone() for k, v in runner.model.state_dict().items()}
    runner.model.train()
    loss_of(runner)
    assert not any(module.training for module in runner.model.modules())
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, before[name])


def test_it_is_kept_and_can_stop_the_training(mini_config, monkeypatch):
    losses = []

    def spy(parts):
        losses.append(mean_of_images(parts)['val_loss'])
        return {'val_loss': losses[-1]}

    mean_of_images = module.mean_of_images
    monkeypatch.setattr(module, 'mean_of_images', spy)
    config = mini_config
    config.train_cfg.update(max_epochs=4, val_interval=1)
    # The rate is nothing: no epoch is better than the first.
    config.optim_wrapper.optimizer.lr = 0.0
    config.param_scheduler = []
    config.model.backbone.norm_eval = True
    config.default_hooks.checkpoint.update(
        save_best=['val_loss', 'froc/mean'], rule=['less', 'greater']
    )
    config.default_hooks.early_stopping.patience = 2
    runner = Runner.from_cfg(config)
    assert any(isinstance(hook, EarlyStoppingHook) for hook in runner.hooks)
    runner.train()
    work = Path(config.work_dir)
    assert runner.epoch == 3
    assert (work / 'best_val_loss_epoch_1.pth').is_file()
    assert len(losses) == 3
    assert losses[0] == pytest.approx(losses[2], abs=1e-6)


def test_the_log_shows_this_epoch_and_no_mean(runner, monkeypatch):
    hub = runner.message_hub
    for loss in (4.0, 2.0, 1.0):
        monkeypatch.setattr(
            module, 'mean_of_images', lambda *_, loss=loss: {'val_loss': loss}
        )
        metrics = {}
        runner.val_loss._losses = {1: {'val_loss': loss}}
        runner.val_loss.after_val_epoch(runner, metrics)
        assert metrics == {'val_loss': loss}
        # MMEngine logs this statistic of what is named a loss.
        assert hub.get_scalar('val/val_loss').mean(10) == loss


def test_a_small_improvement_is_one(mini_config):
    stopping = HOOKS.build(mini_config.default_hooks.early_stopping)
    for loss in (1.0, 0.999, 0.9985, 0.998, 0.9979, 0.9978, 0.9977):
        assert stopping._check_stop_condition(loss) == (False, '')
    waits = [stopping._check_stop_condition(0.9977)[0] for _ in range(5)]
    assert waits == [False] * 4 + [True]


def test_no_pipeline(mini_config):
    mini_config.val_loss_pipeline = None
    runner = Runner.from_cfg(mini_config)
    with pytest.raises(ValueError, match=r'needs `val_loss_pipeline`.*None'):
        runner.train()


def test_mined_negatives_have_no_part(mini_config):
    mini_config.val_loss_pipeline.insert(
        3, dict(type='mmuldor.AddHardNegatives')
    )
    runner = Runner.from_cfg(mini_config)
    with pytest.raises(ValueError, match='annotated lesions only'):
        runner.train()


def test_stored_masks_that_are_missing_are_told_before_the_training(
    mini_config,
):
    """The data set itself is built with the test pipeline."""
    mini_config.val_loss_pipeline[2].shape = 'segmentation'
    runner = Runner.from_cfg(mini_config)
    runner.train_loop.run_epoch = None
    with pytest.raises(ValueError, match=r'val\.json: .*`segmentation`'):
        runner.train()
