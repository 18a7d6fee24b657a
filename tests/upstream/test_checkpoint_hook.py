"""MMEngine saves by the two private methods that became hook points."""

import inspect
from types import SimpleNamespace

import pytest
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub

from mmuldor.upstream.checkpoint_hook import CheckpointHookPoints


@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('_save_checkpoint_with_step', ['self', 'runner', 'step', 'meta']),
        ('_save_best_checkpoint', ['self', 'runner', 'metrics']),
    ],
)
def test_the_private_methods_have_our_arguments(name, arguments):
    signature = inspect.signature(getattr(CheckpointHook, name))
    assert list(signature.parameters) == arguments


class Recorded(CheckpointHookPoints):
    """Notes how it is called."""

    def __init__(self, **kwargs):
        super().__init__(interval=1, **kwargs)
        self.calls = []

    def save_step_checkpoint(self, runner, step, meta):
        self.calls.append(('step', step, meta))
        super().save_step_checkpoint(runner, step, meta)

    def save_best_checkpoint(self, runner, metrics):
        self.calls.append(('best', metrics))
        super().save_best_checkpoint(runner, metrics)


@pytest.fixture
def runner(tmp_path):
    """What the hook asks of a runner; files are written empty."""

    def save_checkpoint(out_dir, filename, *args, **kwargs):
        (tmp_path / filename).touch()

    return SimpleNamespace(
        work_dir=str(tmp_path),
        epoch=4,
        iter=49,
        message_hub=MessageHub('checkpoint hook'),
        logger=SimpleNamespace(info=lambda message: None),
        save_checkpoint=save_checkpoint,
    )


def test_an_epochs_end_comes_by_the_public_method(runner, tmp_path):
    hook = Recorded()
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    assert hook.calls == [('step', 5, {'epoch': 5, 'iter': 49})]
    assert (tmp_path / 'epoch_5.pth').is_file()


def test_an_iterations_end_comes_by_the_public_method(runner, tmp_path):
    hook = Recorded(by_epoch=False)
    hook.before_train(runner)
    hook.after_train_iter(runner, 0)
    assert hook.calls == [('step', 50, {'epoch': 4, 'iter': 50})]
    assert (tmp_path / 'iter_50.pth').is_file()


def test_a_best_one_comes_by_both_public_methods(runner, tmp_path):
    hook = Recorded(save_best='froc/mean', rule='greater')
    hook.before_train(runner)
    hook.after_train_epoch(runner)
    runner.epoch = 5
    hook.after_val_epoch(runner, {'froc/mean': 0.5})
    assert [call[0] for call in hook.calls] == ['step', 'best', 'step']
    assert hook.calls[1] == ('best', {'froc/mean': 0.5})
    assert hook.best_ckpt_path == str(tmp_path / 'best_froc_mean_epoch_5.pth')
    hook.after_val_epoch(runner, {'froc/mean': 0.4})
    assert [call[0] for call in hook.calls[3:]] == ['best']
