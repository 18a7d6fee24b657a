from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.runner import EpochBasedTrainLoop

from mmuldor.engine.hooks import RepeatHook


class Loop(EpochBasedTrainLoop):
    """An epoch loop at a given place, without data."""

    def __init__(self, epoch, begin=1, interval=1, last=12):
        self._epoch, self._max_epochs = epoch, last
        self.val_begin, self.val_interval = begin, interval


def runner(loop, seed=0, iteration=0, validates=True):
    runs = []
    val_loop = SimpleNamespace(run=lambda: runs.append(loop.epoch))
    return SimpleNamespace(
        train_loop=loop,
        val_loop=val_loop if validates else None,
        logger=MMLogger.get_instance('repeat'),
        seed=seed,
        iter=iteration,
        runs=runs,
    )


@pytest.mark.parametrize(
    ('loop', 'runs'),
    [
        (Loop(0), []),
        (Loop(3), [3]),
        (Loop(3, interval=2), []),
        (Loop(4, interval=2), [4]),
        (Loop(3, begin=4), []),
        # The last epoch is validated whatever the interval is.
        (Loop(5, interval=3, last=5), [5]),
        (SimpleNamespace(epoch=3), []),
    ],
)
def test_a_resumed_epoch_is_validated_again_where_it_was_due(loop, runs):
    started = runner(loop)
    RepeatHook().before_train(started)
    assert started.runs == runs


def test_without_a_validation_nothing_runs():
    RepeatHook().before_train(runner(Loop(3), validates=False))


def test_draws_depend_on_seed_and_iteration_alone():
    def draw(seed, iteration):
        at = runner(Loop(1), seed, iteration)
        RepeatHook().before_train_iter(at, 0)
        return torch.rand(3).tolist()

    first = draw(0, 7)
    torch.rand(5)
    assert draw(0, 7) == first
    assert draw(0, 8) != first
    assert draw(1, 7) != first
