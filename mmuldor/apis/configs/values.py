"""Check the numbers of a config that MMEngine takes as they are.

A training of -1 epochs ends at once without a word, and a text where a number
must be is an error far from its key.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config

from mmuldor.io.json_values import is_finite, is_integer, shortened


def _is_number(value: Any) -> bool:
    """A finite number, also one that a config computed with NumPy."""
    return is_finite(value.item() if isinstance(value, np.generic) else value)


class _Rule(NamedTuple):
    must_be: str
    accepts: Callable[[Any], bool]


_COUNT = _Rule('an integer of 1 or more', lambda v: is_integer(v) and v > 0)
# MMEngine takes 9e4, too.
_LENGTH = _Rule(
    _COUNT.must_be,
    lambda v: _is_number(v) and v > 0 and float(v).is_integer(),
)
_INDEX = _Rule('an integer of 0 or more', lambda v: is_integer(v) and v >= 0)
_RATE = _Rule('a number of 0 or more', lambda v: _is_number(v) and v >= 0)
_SEED = _Rule(
    'an integer from 0 to 4294967295, or None',
    lambda v: v is None or (is_integer(v) and 0 <= v < 2**32),
)
_RULES = {
    'train_cfg.max_epochs': _LENGTH,
    'train_cfg.max_iters': _LENGTH,
    'train_cfg.val_begin': _INDEX,
    'train_cfg.val_interval': _COUNT._replace(
        must_be=f'{_COUNT.must_be} (no validation at all: `val_cfg=None`)'
    ),
    'optim_wrapper.accumulative_counts': _COUNT,
    # Adafactor's may be None: it finds its own.
    'optim_wrapper.optimizer.lr': _RATE._replace(
        accepts=lambda v: v is None or _RATE.accepts(v)
    ),
    'optim_wrapper.optimizer.momentum': _RATE,
    'optim_wrapper.optimizer.weight_decay': _RATE,
    'randomness.seed': _SEED,
    'log_level': _Rule(
        'one of DEBUG, INFO, WARNING, ERROR, CRITICAL',
        lambda v: (
            is_integer(v)
            or (isinstance(v, str) and is_integer(logging.getLevelName(v)))
        ),
    ),
    **{
        f'{split}_dataloader.{key}': rule
        for split in ('train', 'val', 'test')
        for key, rule in (('batch_size', _COUNT), ('num_workers', _INDEX))
    },
}


def check_values(config: Config) -> None:
    """Raise ValueError for a number that cannot be one; names its key."""
    for key, rule in _RULES.items():
        holder: Any = config
        *path, name = key.split('.')
        for word in path:
            holder = holder.get(word) if hasattr(holder, 'get') else None
        given = hasattr(holder, 'get') and name in holder
        if given and not rule.accepts(holder[name]):
            raise ValueError(
                f"config '{config.filename}', or what `--cfg-options` changes "
                f'in it: `{key}` must be {rule.must_be}, but got '
                f'{shortened(holder[name])}.'
            )
