"""Check the entries of a config before anything is built.

An entry is a dict with a ``type``. The key it stands at says which of
MMEngine's registries builds it; keys that no table here names are left to the
building, since other packages give dicts with a ``type`` a meaning of their
own (mmcv's ``nms``, albumentations' transforms).
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from mmengine.config import Config
from mmengine.registry import (
    DATA_SAMPLERS,
    DATASETS,
    FUNCTIONS,
    HOOKS,
    LOG_PROCESSORS,
    LOOPS,
    METRICS,
    MODELS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    TASK_UTILS,
    TRANSFORMS,
    VISBACKENDS,
    VISUALIZERS,
    WEIGHT_INITIALIZERS,
    Registry,
)

from mmuldor.apis.configs.keywords import keywords_of
from mmuldor.engine.hooks.hnem_hook import HNEMHook
from mmuldor.io.json_values import shortened


class Kind(NamedTuple):
    """How entries at a key are built.

    Attributes:
        registry: Where their type is looked up.
        required: Whether a dict must have a type here.
        extra: Keywords that the builder takes out before the class sees them.
    """

    registry: Registry
    required: bool = False
    extra: frozenset[str] = frozenset()


_MODEL = Kind(MODELS)
# DETR's heads take `bg_cls_weight` out of their loss.
_LOSS = Kind(MODELS, extra=frozenset({'bg_cls_weight'}))
_UTIL = Kind(TASK_UTILS)
_METRIC = Kind(METRICS, required=True)
_HOOK = Kind(HOOKS, required=True, extra=frozenset({'priority'}))
_STEPS = Kind(TRANSFORMS, required=True)
_SCHEDULE = Kind(PARAM_SCHEDULERS, extra=frozenset({'convert_to_iter_based'}))
_INIT = Kind(WEIGHT_INITIALIZERS, extra=frozenset({'override'}))

# Keys of a config.
_TOP = {
    'model': Kind(MODELS, required=True),
    'data_preprocessor': _MODEL,
    'train_cfg': Kind(LOOPS),
    'val_cfg': Kind(LOOPS),
    'test_cfg': Kind(LOOPS),
    'val_evaluator': _METRIC,
    'test_evaluator': _METRIC,
    'optim_wrapper': Kind(
        OPTIM_WRAPPERS, extra=frozenset({'constructor', 'paramwise_cfg'})
    ),
    'param_scheduler': _SCHEDULE,
    'custom_hooks': _HOOK,
    'visualizer': Kind(VISUALIZERS),
    'log_processor': Kind(LOG_PROCESSORS),
    'val_loss_pipeline': _STEPS,
}
# Keys of a config whose dicts are no entries but hold some.
_HOLDERS = (
    'default_hooks',
    'train_dataloader',
    'val_dataloader',
    'test_dataloader',
)
# Keys anywhere below these, but in a model.
_BELOW = {
    'dataset': Kind(DATASETS, required=True),
    'datasets': Kind(DATASETS, required=True),
    'sampler': Kind(DATA_SAMPLERS),
    'batch_sampler': Kind(DATA_SAMPLERS),
    'collate_fn': Kind(FUNCTIONS),
    'pipeline': _STEPS,
    'transforms': Kind(TRANSFORMS),
    'metrics': _METRIC,
    'optimizer': Kind(OPTIMIZERS, required=True),
    'vis_backends': Kind(VISBACKENDS),
}
# Keys anywhere in a model, by their last word: `bbox_roi_extractor`.
_IN_MODEL = {
    'backbone': _MODEL,
    'neck': _MODEL,
    'head': _MODEL,
    'extractor': _MODEL,
    'data_preprocessor': _MODEL,
    'positional_encoding': _MODEL,
    'act_cfg': _MODEL,
    'norm_cfg': Kind(MODELS, extra=frozenset({'requires_grad'})),
    'init_cfg': _INIT,
    'assigner': _UTIL,
    'sampler': _UTIL,
    'coder': _UTIL,
    'generator': _UTIL,
    'calculator': _UTIL,
    'match_costs': _UTIL,
}


def check_entries(config: Config) -> None:
    """Find every entry's type in its registry, its keywords in the signature.

    Modules of the config's ``custom_imports`` must be imported, as
    ``Config.fromfile`` does.

    Raises:
        ValueError: Names the config, the key path of the first entry that is
            wrong (``model.roi_head.bbox_head``) and what is near.
    """
    scope = config.get('default_scope') or 'mmdet'
    for path, kind, entry in _entries(config):
        try:
            _check_entry(kind, entry, entry.get('_scope_') or scope)
        except ValueError as error:
            raise ValueError(
                f"config '{config.filename}': `{path}` {error}"
            ) from error


def _entries(config: Config) -> Iterator[tuple[str, Kind, dict]]:
    """Key path, kind and dict of all that is built from a config."""
    for key, kind in _TOP.items():
        yield from _walk(config.get(key), key, kind, key == 'model')
    for key in _HOLDERS:
        for name, value in (config.get(key) or {}).items():
            below = _HOOK if key == 'default_hooks' else _BELOW.get(name)
            yield from _walk(value, f'{key}.{name}', below, False)


def _walk(
    value: Any, path: str, kind: Kind | None, in_model: bool
) -> Iterator[tuple[str, Kind, dict]]:
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _walk(item, f'{path}.{index}', kind, in_model)
    if not isinstance(value, dict):
        return
    # `metrics` make it the config of an evaluator, not of a metric.
    if kind is not None and not (kind is _METRIC and 'metrics' in value):
        yield path, kind, value
        if value.get('type') == 'mmuldor.HNEMHook':
            yield path, _UTIL, _rule_of(value)
    if value.get('type') == 'Albu':
        return
    for key, item in value.items():
        below = kind_in_model(key) if in_model else _BELOW.get(key)
        yield from _walk(item, f'{path}.{key}', below, in_model)


def _rule_of(hook: dict) -> dict:
    """The rule of a mining hook, whose arguments may stand in the hook."""
    own = set(inspect.signature(HNEMHook).parameters)
    own |= {'type', '_scope_', *_HOOK.extra}
    others = {key: value for key, value in hook.items() if key not in own}
    rule = hook.get('rule') or {}
    return {'type': 'mmuldor.MiningRule', **rule, **others}


def kind_in_model(key: str) -> Kind | None:
    """How entries at a key of a model are built; None if none is known."""
    if key.startswith('loss_'):
        return _LOSS
    return _IN_MODEL.get(key) or _IN_MODEL.get(key.rpartition('_')[2])


def _check_entry(kind: Kind, entry: dict, scope: str) -> None:
    kind_of = entry.get('type')
    if kind_of is None:
        if kind.required:
            raise ValueError(
                f'must have a `type` of the {kind.registry.name} registry, '
                f'but got {shortened(dict(entry))}.'
            )
        return
    if isinstance(kind_of, str):
        with kind.registry.switch_scope_and_registry(scope) as registry:
            kind_of = _find(registry, kind_of)
    if not callable(kind_of):
        raise ValueError(
            f'must have a name as `type`, but got {shortened(kind_of)}.'
        )
    known = keywords_of(kind_of)
    given = set(entry) - {'type', '_scope_'} - kind.extra
    for word in sorted(given - (known if known is not None else given)):
        raise ValueError(
            f'has an argument `{word}` that {entry["type"]} does not take.'
            f'{_near(word, known or ())}'
        )


def _find(registry: Registry, name: str) -> Any:
    """The class or function of a name.

    Raises:
        ValueError: If the registry, its parents and children know none.
    """
    try:
        found = registry.get(name)
    # It tries to import the name as well, which may raise anything.
    except Exception:
        found = None
    if found is None:
        names = set()
        while registry is not None:
            names |= set(registry.module_dict)
            names |= {
                f'{scope}.{known}'
                for scope, child in registry.children.items()
                for known in child.module_dict
            }
            registry = registry.parent
        raise ValueError(
            f'has the type {name!r}, which is not registered.'
            f'{_near(name, names)}'
        )
    return found


def _near(word: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f' Did you mean {close[0]!r}?' if close else ''
