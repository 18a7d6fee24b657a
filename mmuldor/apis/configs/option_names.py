"""Refuse ``--cfg-options`` that nothing reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mmengine.config import Config

# What MMEngine's runner, mmdet and this project read, besides what shipped
# configs set.
_KNOWN = {
    *('activation_checkpointing', 'calibration', 'compile', 'custom_hooks'),
    *('data_preprocessor', 'experiment_name', 'find_unused_parameters'),
    *('gpu_ids', 'launcher', 'load_from', 'model_wrapper_cfg', 'resume'),
    *('val_loss_pipeline', 'visualizer', 'work_dir'),
}


def check_option_names(config: Config, options: dict | None) -> None:
    """Refuse options that nothing reads: MMEngine would pass over them.

    Args:
        config: Before the options are in it.
        options: As from ``--cfg-options``.

    Raises:
        ValueError: If a first word is no key of the config, or a word below
            `model.train_cfg` or `model.test_cfg` looks like a typo.
    """
    known = _KNOWN | set(config.keys())
    for key in options or {}:
        first, *rest = key.split('.')
        if first not in known:
            raise ValueError(_unknown(key, first, known))
        if first == 'model' and rest and rest[0] in ('train_cfg', 'test_cfg'):
            _check_below(config, key)


def _check_below(config: Config, key: str) -> None:
    """Refuse a last word that is nearly one that stands there."""
    *parents, last = key.split('.')
    place = config
    for word in parents:
        place = place.get(word) if isinstance(place, dict | Config) else None
    if not isinstance(place, dict) or last in place:
        return
    if difflib.get_close_matches(last, place, cutoff=0.75):
        raise ValueError(_unknown(key, last, place))


def _unknown(key: str, word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    hint = f' Did you mean {close[0]!r}?' if close else ''
    return f'`--cfg-options {key}=...`: nothing reads {word!r}.{hint}'
