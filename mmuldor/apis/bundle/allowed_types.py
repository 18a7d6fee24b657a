"""The classes that a bundle may name: those that inference needs.

MMEngine imports a name with dots, ``_scope_`` or an unknown prefix and calls
what it finds: ``MODELS.get('subprocess.Popen')`` is that class. And where mmcv
asks for the name of an NMS, it evaluates it. So every ``type`` of a bundle
must stand at a key that this project knows, and be a name that is registered
in the registry of that key, by a module with parts of networks. Names are
looked up without importing anything but mmdet and mmuldor.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from mmdet.models.detectors import BaseDetector
from mmengine.registry import MODELS, TASK_UTILS, TRANSFORMS, Registry

from mmuldor.apis.configs.entries import kind_in_model
from mmuldor.io.json_values import shortened

# Keys beside those of `apis/configs/entries.py` whose dicts have a `type`.
_OF_MODEL = {
    *('model', 'fusion', 'cfg', 'conv_cfg', 'dcn', 'predictor_cfg'),
    'upsample_cfg',
}
# mmcv evaluates the first name, mmdet takes the second from `mmcv.ops`.
_NAMES = {
    'nms': ('nms', 'soft_nms'),
    'roi_layer': ('RoIAlign', 'RoIPool'),
}
# Where the classes of a registry come from. mmdet's language models, trackers
# and others are left out: they read files, or fetch them.
_ROOMS = {
    MODELS.name: (
        *('mmuldor.models.', 'mmcv.cnn.', 'mmcv.ops.', 'torch.nn.modules.'),
        # SyncBN.
        'mmengine.utils.dl_utils.parrots_wrapper.',
        *('mmdet.models.backbones.', 'mmdet.models.data_preprocessors.'),
        *('mmdet.models.dense_heads.', 'mmdet.models.detectors.'),
        *('mmdet.models.layers.', 'mmdet.models.losses.'),
        *('mmdet.models.necks.', 'mmdet.models.roi_heads.'),
        'mmdet.models.seg_heads.',
    ),
    TASK_UTILS.name: (
        'mmuldor.models.',
        'mmdet.models.task_modules.assigners.',
        'mmdet.models.task_modules.coders.',
        'mmdet.models.task_modules.prior_generators.',
        'mmdet.models.task_modules.samplers.',
    ),
    TRANSFORMS.name: (
        'mmuldor.datasets.transforms.',
        'mmdet.datasets.transforms.',
        'mmcv.transforms.',
    ),
}
# Classes in these rooms that load a language model, or a teacher's config, or
# hand all to a framework whose settings name files.
_NOT = (
    'mmdet.models.dense_heads.atss_vlfusion_head.',
    'mmdet.models.dense_heads.grounding_dino_head.',
    'mmdet.models.detectors.d2_wrapper.',
    'mmdet.models.detectors.glip.',
    'mmdet.models.detectors.grounding_dino.',
    'mmdet.models.detectors.kd_one_stage.',
    'mmdet.models.detectors.lad.',
)
# Steps of a pipeline that change the pixels of a slice and nothing else.
STEPS = (
    *('LoadCTSlices', 'CropToBody', 'WindowHU', 'ResizeToSpacing'),
    *('Resize', 'Pad', 'Normalize', 'PackDetInputs'),
)
# What names a file, a place to fetch it from, or code.
FILE_KEYS = (
    *('init_cfg', 'pretrained', 'checkpoint', 'load_from', 'store', 'bank'),
    *('backend_args', 'file_client_args', 'custom_imports', 'imports'),
    *('teacher_config', 'teacher_ckpt', 'language_model', 'lang_model_name'),
)


def check_types(config: Mapping[str, Any]) -> None:
    """Check the classes that a bundle's config names; nothing is built.

    Args:
        config: ``model`` and ``pipeline`` of a bundle, as
            :func:`mmuldor.apis.bundle.plain.check_plain` accepts them.

    Raises:
        ValueError: Names the key path of the first class that a bundle may
            not name, or of a file.
    """
    for path, key, entry in _dicts('', '', config):
        for name in FILE_KEYS:
            if entry.get(name) is not None:
                raise ValueError(
                    f'`{path}{name}` must not be there, since it names a file '
                    f'or code, but is {shortened(entry[name])}'
                )
        if 'type' in entry:
            _check_type(f'{path}type', key, entry['type'])
    detector = _found(MODELS, str(config['model'].get('type')))
    if not inspect.isclass(detector) or not issubclass(detector, BaseDetector):
        raise ValueError(
            '`model.type` must be a detector of MMDetection, but is '
            f'{shortened(config["model"].get("type"))}'
        )


def _dicts(path: str, key: str, value: Any) -> Iterator[tuple[str, str, dict]]:
    """Path, key and dict of all that is a dict; those in lists have its key.

    A path ends with a dot.
    """
    if isinstance(value, (list, tuple)):
        for place, item in enumerate(value):
            yield from _dicts(f'{path}{place}.', key, item)
    elif isinstance(value, Mapping):
        yield path, key, dict(value)
        for word, item in value.items():
            yield from _dicts(f'{path}{word}.', word, item)


def _check_type(path: str, key: str, name: Any) -> None:
    if not isinstance(name, str):
        raise ValueError(f'`{path}` must be a name, but is {shortened(name)}')
    if key in _NAMES:
        if name not in _NAMES[key]:
            raise ValueError(
                f'`{path}` must be {" or ".join(_NAMES[key])}, but is '
                f'{shortened(name)}'
            )
        return
    registry = _registry(key)
    if registry is None:
        raise ValueError(
            f'`{path}` names the class {shortened(name)} where no bundle has '
            'one'
        )
    found = _found(registry, name)
    if found is None:
        raise ValueError(
            f'`{path}` must be registered for `{key}` by mmengine, mmcv, '
            f'mmdet or mmuldor, but is {shortened(name)}'
        )
    if not may_be_named(registry, found):
        raise ValueError(
            f'`{path}` must be a class that changes pixels or finds lesions '
            f'alone, but is {shortened(name)} of {found.__module__}'
        )


def may_be_named(registry: Registry, found: Any) -> bool:
    """Whether a bundle may name a class or function of a registry."""
    module = f'{getattr(found, "__module__", "")}.'
    if not module.startswith(_ROOMS.get(registry.name, ())):
        return False
    if registry is TRANSFORMS:
        return found.__name__ in STEPS
    return not module.startswith(_NOT)


def _registry(key: str) -> Registry | None:
    if key == 'pipeline':
        return TRANSFORMS
    if key in _OF_MODEL:
        return MODELS
    kind = kind_in_model(key)
    return None if kind is None else kind.registry


def _found(registry: Registry, name: str) -> Any:
    """What is registered under a name, without importing what it says."""
    scope, dot, word = name.rpartition('.')
    scopes = (scope,) if dot else ('mmdet', registry.scope)
    for scope in scopes:
        if scope == registry.scope:
            place = registry
        elif scope in ('mmdet', 'mmuldor'):
            place = registry.children[scope]
        else:
            return None
        place.import_from_location()
        if word in place.module_dict:
            return place.module_dict[word]
    return None
