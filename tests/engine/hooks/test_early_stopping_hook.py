import pytest

from mmuldor.apis.runs import build_runner


def test_a_test_needs_no_training_data(mini_config, mini_data):
    (mini_data / 'train.json').unlink()
    runner = build_runner(mini_config)
    assert 'froc/mean' in runner.test()
    with pytest.raises(FileNotFoundError, match=r'train\.json'):
        runner.train()


def test_a_hook_is_switched_off(mini_config):
    mini_config.default_hooks.early_stopping = None
    mini_config.default_hooks.logger = None
    names = [type(hook).__name__ for hook in build_runner(mini_config).hooks]
    assert 'TrainingEarlyStoppingHook' not in names
    assert 'LoggerHook' not in names
    assert 'ValLossHook' in names
