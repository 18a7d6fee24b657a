"""Refuse ``--cfg-options`` that nothing reads."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from mmengine.config import Config

from mmuldor.apis.configs.parts import parts_of

# What MMEngine's runner, mmdet and this project read of a config.
_READ = {
    *('activation_checkpointing', 'auto_scale_lr', 'calibration', 'compile'),
    *('custom_hooks', 'data_preprocessor', 'default_hooks', 'default_scope'),
    *('efficient_conv_bn_eval', 'env_cfg', 'experiment_name'),
    *('find_unused_parameters', 'gpu_ids', 'launcher', 'load_from'),
    *('log_level', 'log_processor', 'model', 'model_wrapper_cfg'),
    *('optim_wrapper', 'param_scheduler', 'randomness', 'resume', 'sync_bn'),
    *('test_cfg', 'test_dataloader', 'test_evaluator', 'train_cfg'),
    *('train_dataloader', 'tta', 'val_cfg', 'val_dataloader'),
    *('val_evaluator', 'val_loss_pipeline', 'visualizer', 'work_dir'),
}
# The same of dicts that are no arguments of a class, whose words
# `check_entries` therefore does not see.
_BELOW = {
    'auto_scale_lr': {'base_batch_size', 'enable'},
    'env_cfg': {'cudnn_benchmark', 'dist_cfg', 'mp_cfg', 'resource_limit'},
    'tta': {'flips', 'iou_thr', 'slice_offsets_mm'},
}
# Of test settings, whatever the detector.
_TEST = {
    *('class_agnostic', 'iou_threshold', 'mask_thr', 'mask_thr_binary'),
    *('max_num', 'max_per_img', 'method', 'min_bbox_size', 'min_score'),
    *('nms', 'nms_pre', 'offset', 'score_thr', 'score_threshold', 'sigma'),
    *('split_thr', 'type'),
}
# Whose code reads no other words of a config.
_PACKAGES = {'mmuldor', 'mmdet', 'mmengine', 'mmcv'}


def check_option_names(config: Config, options: dict | None) -> None:
    """Refuse options that nothing reads: MMEngine would pass over them.

    Args:
        config: Before the options are in it.
        options: As from ``--cfg-options``.

    Raises:
        ValueError: If nothing reads a first word, such as `data_root`, which
            a config file only copies into its settings, or a word below one
            of a few settings, such as `model.test_cfg`.
    """
    for key in options or {}:
        first, *rest = key.split('.')
        if first not in _READ and not _may_be_read(config, first):
            raise ValueError(
                _unknown(key, first, _READ, _copies(config, first))
            )
        if first in _BELOW and rest and rest[0] not in _BELOW[first]:
            raise ValueError(_unknown(key, rest[0], _BELOW[first]))
        if first == 'model' and rest and rest[0] in ('train_cfg', 'test_cfg'):
            _check_below(config, key)


def _check_below(config: Config, key: str) -> None:
    """Refuse a last word that nothing reads, or nearly one that is there."""
    *parents, last = key.split('.')
    place: Any = config
    for word in parents:
        place = place.get(word) if isinstance(place, dict | Config) else None
    if not isinstance(place, dict) or last in place:
        return
    # Two stages have one dict each and nothing beside them.
    read = set() if {'rpn', 'rcnn'} & set(place) else _TEST
    if 'test_cfg' in parents:
        wrong = last not in read
    else:
        wrong = bool(difflib.get_close_matches(last, place, cutoff=0.75))
    if wrong:
        raise ValueError(_unknown(key, last, place))


def _unknown(
    key: str, word: str, known: Iterable[str], copies: Sequence[str] = ()
) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    hint = f' Did you mean {close[0]!r}?' if close else ''
    if copies:
        hint = (
            ' It is a name of the config file, whose value may have been '
            f'copied to {", ".join(copies[:3])}'
            f'{", ..." if copies[3:] else ""}. Set what copied it.'
        )
    return f'`--cfg-options {key}=...`: nothing reads {word!r}.{hint}'


def _may_be_read(config: Config, name: str) -> bool:
    """Whether code of a user may read a name of the config file."""
    imports = (config.get('custom_imports') or {}).get('imports') or ()
    imports = [imports] if isinstance(imports, str) else imports
    others = [i for i in imports if i.partition('.')[0] not in _PACKAGES]
    return name in config and bool(others)


def _copies(config: Config, name: str) -> list[str]:
    """Keys of settings that hold the value of a name of the config file."""
    value = config.get(name)
    if value is None or isinstance(value, int):
        # Numbers are equal by accident.
        return []
    return [
        key
        for first in sorted(_READ & set(config.keys()))
        for key, part in parts_of(config[first], first)
        if type(part) is type(value) and part == value
    ]
