import pytest

from mmuldor.apis.runs import build_runner


def test_a_test_needs_no_training_data(mini_config, mini_data):
    (mini_data / 'train.json').unlink()
    runner = build_runner(mini_config)
    assert 'froc/mean' in runner.test()
    with pytest.raises(FileNotFoundError, match=r'train\.json'):
        runner.train()
