"""The learning rate for the batch that a training really has.

A config's rate belongs to its ``auto_scale_lr.base_batch_size``. SGD's grows
in proportion to the batch (Goyal et al. 2017, "Accurate, large minibatch
SGD"), that of Adam and other adaptive kinds by the square root (Malladi et al.
2022, "On the SDEs and scaling rules for adaptive gradient algorithms").
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config
from torch.optim import Optimizer

WARM_UP_ITERATIONS = 500
_KEY = 'optim_wrapper.optimizer.lr'


def leave_typed_rate(config: Config, options: dict | None) -> None:
    """Do not scale a rate that the user typed.

    By ``--cfg-options``, or in the same config file as the batch size: there
    the rate belongs to that batch, unless the file has an ``auto_scale_lr``.

    Args:
        config: Of a training; changed in place.
        options: Settings that override it.
    """
    typed = any(_states_rate(*item) for item in (options or {}).items())
    names = _names_in(config.filename)
    typed |= {'lr', 'batch_size'} <= names and 'auto_scale_lr' not in names
    if typed:
        config.auto_scale_lr = dict(
            config.get('auto_scale_lr') or {}, enable=False
        )


def _states_rate(key: str, value: object) -> bool:
    if key == _KEY:
        return True
    below = _KEY.removeprefix(f'{key}.')
    if below == _KEY or not isinstance(value, dict):
        return False
    for word in below.split('.'):
        if not isinstance(value, dict) or word not in value:
            return False
        value = value[word]
    return True


def _names_in(path: str) -> set[str]:
    """Keys that a config file itself sets, its bases not counted."""
    tree = ast.parse(Path(path).read_text(encoding='utf-8'))
    return {
        node.arg if isinstance(node, ast.keyword) else node.id
        for node in ast.walk(tree)
        if isinstance(node, (ast.keyword, ast.Name))
    }


def scaling(optimizer: Optimizer, images: int, base: int) -> tuple[float, str]:
    """How a rate grows with the batch, and the rule's name.

    Args:
        optimizer: Whose rate it is.
        images: An iteration's images, of all processes.
        base: Those that the rate is for.

    Raises:
        ValueError: If ``base`` is no positive number.
    """
    if isinstance(base, bool) or not isinstance(base, int) or base < 1:
        raise ValueError(
            '`auto_scale_lr.base_batch_size` must be the images an iteration '
            f'that the learning rate is for, 1 or more, but got {base!r}.'
        )
    factor = images / base
    name = type(optimizer).__name__
    if name in ('SGD', 'ASGD'):
        return factor, f'{name}: in proportion'
    return factor**0.5, f'{name}: by the square root'


def scale_rate(optimizer: Optimizer, factor: float) -> None:
    """Multiply the rate of all groups."""
    for group in optimizer.param_groups:
        group['lr'] *= factor


def warm_up(
    schedulers: Sequence[dict], factor: float, epoch_length: int
) -> list[dict]:
    """Schedulers with a warm-up from the config's rate to a larger one.

    It comes last, so that the others keep their places in checkpoints. Where
    a config warms up already, nothing is added.

    Args:
        schedulers: Of the config.
        factor: How much the rate has grown.
        epoch_length: Iterations of an epoch, the warm-up's longest.
    """
    schedulers = list(schedulers)
    has_one = any(
        not schedule.get('by_epoch', True) and schedule.get('begin', 0) == 0
        for schedule in schedulers
    )
    if factor <= 1 or has_one:
        return schedulers
    return [
        *schedulers,
        dict(
            type='LinearLR',
            start_factor=1 / factor,
            by_epoch=False,
            begin=0,
            end=max(min(WARM_UP_ITERATIONS, epoch_length), 1),
        ),
    ]
