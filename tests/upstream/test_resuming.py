"""What a hook can know when MMEngine loads a checkpoint."""

import pytest
from mmengine.hooks import Hook

from mmuldor.upstream.resuming import is_resumed, is_training


class Asked(Hook):
    """Notes both answers when a checkpoint is loaded."""

    answers = None

    def after_load_checkpoint(self, runner, checkpoint):
        self.answers = is_resumed(runner), is_training(runner)


@pytest.fixture
def checkpoint(toy_runner, tmp_path):
    toy_runner(train_cfg=dict(by_epoch=True, max_epochs=1)).train()
    return str(tmp_path / 'work' / 'epoch_1.pth')


@pytest.mark.parametrize('resume', [True, False])
def test_a_training_knows_whether_it_is_resumed(
    toy_runner, checkpoint, resume
):
    runner = toy_runner(load_from=checkpoint, resume=resume)
    assert not is_training(runner)
    hook = Asked()
    runner.register_hook(hook)
    runner.train()
    assert hook.answers == (resume, True)


def test_a_test_builds_no_training(toy_runner, checkpoint):
    runner = toy_runner(load_from=checkpoint)
    hook = Asked()
    runner.register_hook(hook)
    runner.test()
    assert hook.answers == (False, False)


def test_a_runner_without_training(toy_runner):
    nothing = dict.fromkeys(('train_cfg', 'train_dataloader', 'optim_wrapper'))
    assert not is_training(toy_runner(**nothing))
