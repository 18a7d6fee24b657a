"""A scalar of the log that is no mean over epochs."""

import pytest
from mmengine.logging import MessageHub
from mmengine.runner import LogProcessor

from mmuldor.upstream.message_hub import replace_scalar


@pytest.fixture
def runner(toy_runner):
    return toy_runner()


def logged(runner):
    """What MMEngine logs of a test."""
    processor = LogProcessor(by_epoch=True)
    tag, _ = processor.get_log_after_epoch(runner, 1, 'test')
    return tag['loss_cls']


def test_mmengine_alone_logs_the_mean_of_several(runner):
    """Where this fails, MMEngine has changed: is the module needed?"""
    for value in (4.0, 2.0):
        runner.message_hub.update_scalar('test/loss_cls', value)
    assert logged(runner) == 3


def test_the_last_value_is_logged(runner):
    for value in (4.0, 2.0):
        replace_scalar(runner.message_hub, 'test/loss_cls', value)
    assert logged(runner) == 2


def test_others_stay():
    hub = MessageHub('message hub')
    hub.update_scalar('train/loss', 1.0)
    replace_scalar(hub, 'val/loss', 3.0)
    replace_scalar(hub, 'val/loss', 5.0)
    assert hub.get_scalar('train/loss').data[0].tolist() == [1]
    assert hub.get_scalar('val/loss').data[0].tolist() == [5]
