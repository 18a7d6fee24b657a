"""The part of a config that inference needs, as plain data.

``config.json`` of a bundle::

    {"model": {"type": "MaskRCNN", ...},
     "pipeline": [{"type": "mmuldor.LoadCTSlices", "num_slices": 3}, ...],
     "lesion_types": null, "tta": {"flips": ["horizontal"], ...},
     "channels_last": false}

It is complete: bases and options are resolved. What only training needs is
left out, with all that names files: ``train_cfg``, ``init_cfg``, packed
slices, hooks, data sets, evaluators.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmuldor.apis.bundle.allowed_types import STEPS, check_types
from mmuldor.apis.bundle.plain import check_plain, from_plain, to_plain
from mmuldor.apis.configs.entries import check_entries
from mmuldor.classes import type_classes
from mmuldor.io.json_values import is_finite, shortened

_KEYS = ('model', 'pipeline', 'lesion_types', 'tta', 'channels_last')
_TTA = ('flips', 'slice_offsets_mm', 'iou_thr')
# 27 slices, or nine in three windows; images of 2,048 px then need 2 GB.
_MAX_CHANNELS = 128
# MMEngine's mark of what a base of another package is looked up in: always
# mmdet, which is the default here.
_SCOPE = '_scope_'
# Of training, or names of files that hold no part of the model.
_NOT_NEEDED = ('init_cfg', 'pretrained', 'batch_augments', 'store', _SCOPE)


def plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a config that inference needs.

    Args:
        config: A config, complete.

    Raises:
        ValueError: If a part is missing, is no plain data, or is nothing that
            a bundle may have; names its key.
    """
    scope = config.get('default_scope') or 'mmdet'
    if scope != 'mmdet':
        raise ValueError(f"`default_scope` must be 'mmdet', but is {scope!r}")
    dataset = (config.get('test_dataloader') or {}).get('dataset') or {}
    parts = {
        'model': config.get('model'),
        'pipeline': dataset.get('pipeline'),
        'lesion_types': dataset.get('lesion_types'),
        'tta': config.get('tta'),
        'channels_last': bool(
            (config.get('default_hooks') or {}).get('channels_last')
        ),
    }
    plain = to_plain(_needed(parts))
    model = plain['model']
    if isinstance(model, dict) and 'train_cfg' in model:
        # Some detectors ask for it.
        model['train_cfg'] = None
    check_config(plain)
    return plain


def _needed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _needed(item)
            for key, item in value.items()
            if key not in _NOT_NEEDED or (key == _SCOPE and item != 'mmdet')
        }
    if isinstance(value, (list, tuple)):
        return type(value)(map(_needed, value))
    return value


def check_config(plain: Any) -> None:
    """Check ``config.json`` of a bundle; nothing is built.

    Raises:
        ValueError: Names the key path of the first value that no bundle may
            have, what was expected and what was found.
    """
    if not isinstance(plain, dict) or set(plain) != set(_KEYS):
        raise ValueError(
            f'it must hold {", ".join(_KEYS)}, but holds {shortened(plain)}'
        )
    check_plain(plain)
    config = from_plain(plain)
    if not isinstance(config['model'], dict):
        raise ValueError(
            f'`model` must be a dict, but is {shortened(config["model"])}'
        )
    if config['model'].get('train_cfg') is not None:
        raise ValueError('`model.train_cfg` must be null: it is for training')
    _check_pipeline(config['pipeline'])
    _check_rest(config)
    check_types({key: config[key] for key in ('model', 'pipeline')})


def _check_pipeline(pipeline: Any) -> None:
    listed = isinstance(pipeline, list) and len(pipeline) > 1
    if not listed or not all(isinstance(step, dict) for step in pipeline):
        raise ValueError(
            '`pipeline` must be a list of dicts, the steps of the test, but '
            f'is {shortened(pipeline)}'
        )
    first, last = (str(pipeline[k].get('type')) for k in (0, -1))
    if first != f'mmuldor.{STEPS[0]}' or last.split('.')[-1] != STEPS[-1]:
        raise ValueError(
            f'`pipeline` must begin with mmuldor.{STEPS[0]} and end with '
            f'{STEPS[-1]}, but goes from {shortened(first)} to '
            f'{shortened(last)}'
        )
    channels = pipeline[0].get('num_slices', 3)
    for place, step in enumerate(pipeline):
        # One after the other they make an image of any size.
        if step.get('scale_factor') is not None:
            raise ValueError(
                f'`pipeline.{place}.scale_factor` must not be there; `scale` '
                'or mmuldor.ResizeToSpacing says how large an image is'
            )
        windows = step.get('windows', ())
        if isinstance(windows, (list, tuple)):
            channels *= len(windows) or 1
    if type(channels) is not int or channels > _MAX_CHANNELS:
        raise ValueError(
            '`pipeline` must make images of slices times windows, '
            f'{_MAX_CHANNELS} channels at most, but makes '
            f'{shortened(channels)}'
        )


def _check_rest(config: Mapping[str, Any]) -> None:
    type_classes(config['lesion_types'])
    if not isinstance(config['channels_last'], bool):
        raise ValueError(
            '`channels_last` must be true or false, but is '
            f'{shortened(config["channels_last"])}'
        )
    tta = config['tta']
    if tta is None:
        return
    if not isinstance(tta, dict) or not set(tta) <= set(_TTA):
        raise ValueError(
            f'`tta` must hold {", ".join(_TTA)}, but is {shortened(tta)}'
        )
    for key, kind in (('flips', str), ('slice_offsets_mm', (int, float))):
        values = tta.get(key, [])
        if not isinstance(values, (list, tuple)) or not all(
            isinstance(value, kind) for value in values
        ):
            raise ValueError(
                f'`tta.{key}` must be a list, but is {shortened(values)}'
            )
    if not is_finite(tta.get('iou_thr', 0.5)):
        raise ValueError(
            f'`tta.iou_thr` must be a number, but is {shortened(tta)}'
        )


def full_config(plain: dict, file: str | os.PathLike) -> Config:
    """A config that :class:`mmuldor.apis.LesionDetector` takes.

    Args:
        plain: As :func:`check_config` accepts it.
        file: The bundle, for messages.

    Raises:
        ValueError: If a class does not take a keyword; names it.
    """
    parts = from_plain(plain)
    found = {
        'default_scope': 'mmdet',
        'model': parts['model'],
        'test_dataloader': {
            'dataset': {
                'type': 'mmuldor.DeepLesionDataset',
                'pipeline': parts['pipeline'],
                'lesion_types': parts['lesion_types'],
            }
        },
    }
    if parts['tta'] is not None:
        found['tta'] = parts['tta']
    if parts['channels_last']:
        hook = {'type': 'mmuldor.ChannelsLastHook'}
        found['default_hooks'] = {'channels_last': hook}
    # MMEngine would read the text of the file that it is named after.
    config = Config(found, cfg_text='# of a bundle', filename=str(file))
    check_entries(config)
    return config
