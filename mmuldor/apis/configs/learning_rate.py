"""When the learning rate is scaled to the batch size.

A config's rate is for its ``auto_scale_lr.base_batch_size``. For SGD it is
scaled in proportion to the batch size (Goyal et al. 2017, "Accurate, large
minibatch SGD"), for Adam and other adaptive optimisers by the square root
(Malladi et al. 2022, "On the SDEs and scaling rules for adaptive gradient
algorithms").
"""

from __future__ import annotations

import ast
from pathlib import Path

from mmengine.config import Config

_KEY = 'optim_wrapper.optimizer.lr'


def leave_typed_rate(config: Config, options: dict | None) -> None:
    """Do not scale a rate that the user states.

    This is a rate in ``--cfg-options``, or in the same config file as the
    batch size, for which it then is, unless the file has ``auto_scale_lr``.

    Args:
        config: Config of a training; changed in place.
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
    """Keys that a config file sets itself, without its bases."""
    tree = ast.parse(Path(path).read_text(encoding='utf-8'))
    nodes = list(ast.walk(tree))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    words = {node.arg for node in nodes if isinstance(node, ast.keyword)}
    return names | {word for word in words if word is not None}
