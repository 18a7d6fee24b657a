"""Early stopping waits for the steps of the learning rate."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

CONFIGS = sorted(
    path
    for path in (Path(__file__).resolve().parents[2] / 'configs').rglob('*.py')
    if '_base_' not in path.parts
)


def epochs_of_one_rate(config):
    """Epochs between two steps of the learning rate."""
    for schedule in config.param_scheduler:
        if schedule.type == 'StepLR':
            yield schedule.step_size
        elif schedule.type == 'MultiStepLR':
            yield from np.diff([0, *schedule.milestones])


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_no_training_stops_before_its_rate_falls(path):
    config = Config.fromfile(path)
    stopping = config.default_hooks.early_stopping
    longest = max(epochs_of_one_rate(config), default=0)
    assert stopping is None or stopping.patience > longest


def test_the_longest_wait():
    (path,) = (p for p in CONFIGS if p.stem.endswith('7slices-20e_deeplesion'))
    assert list(epochs_of_one_rate(Config.fromfile(path))) == [9, 7]
