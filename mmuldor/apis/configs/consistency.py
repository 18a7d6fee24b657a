"""Make the settings of a config consistent before anything is built.

A setting that users change alone often has others that depend on it and must
follow. What cannot work is refused here, in one line, not after an epoch.
"""

from __future__ import annotations

import importlib.util
import os
from functools import partial

from mmengine.config import Config, ConfigDict

from mmuldor.apis.configs.evaluators import evaluators_of, is_froc
from mmuldor.apis.configs.parts import type_name
from mmuldor.apis.configs.values import check_values
from mmuldor.commands import install_line
from mmuldor.functional.froc import FP_RATES
from mmuldor.registry import HOOKS

# Package behind each of MMEngine's trackers that it does not bring along.
TRACKERS = {
    'TensorboardVisBackend': 'tensorboard',
    'WandbVisBackend': 'wandb',
    'MLflowVisBackend': 'mlflow',
    'ClearMLVisBackend': 'clearml',
    'NeptuneVisBackend': 'neptune',
    'DVCLiveVisBackend': 'dvclive',
    'AimVisBackend': 'aim',
}
# Whose hooks compute no figures but `val_loss`.
_PACKAGES = {'mmuldor', 'mmdet', 'mmengine'}


def make_consistent(config: Config) -> list[str]:
    """Let the settings follow that depend on changed ones.

    Args:
        config: Of a training or test; changed in place.

    Returns:
        What was changed that a user may want to know.

    Raises:
        ValueError: If something cannot work.
    """
    check_values(config)
    check_trackers(config)
    # MMEngine takes them apart, and takes no None.
    for name, least in (('randomness', {'seed': None}), ('env_cfg', {})):
        if config.get(name) is None:
            config[name] = least
    _check_pipeline(config)
    for split in ('train', 'val', 'test'):
        _complete_loader(config.get(f'{split}_dataloader'))
    if (config.get('randomness') or {}).get('deterministic'):
        # cuBLAS reads it when it starts, and is not deterministic without.
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    notes = []
    for split in ('val', 'test'):
        notes += _drop_incomplete_split(config, split)
    return notes + _drop_waiting_hooks(config)


def _complete_loader(loader: ConfigDict | None) -> None:
    if loader is None:
        return
    if loader.get('num_workers') == 0:
        # torch refuses both without processes to load.
        loader.persistent_workers = False
        loader.pop('prefetch_factor', None)
    sampler = loader.get('batch_sampler')
    if sampler is not None and 'drop_last' in loader:
        # It makes the batches, and torch refuses the loader's own setting.
        sampler.setdefault('drop_last', loader.pop('drop_last'))
    if (
        sampler is not None
        and sampler.get('drop_last')
        and type_name(sampler) == 'AspectRatioBatchSampler'
    ):
        # See there: processes would have different numbers of batches.
        sampler.type = 'mmuldor.AspectBatchSampler'


def _check_pipeline(config: Config) -> None:
    loader = config.get('train_dataloader') or {}
    if (loader.get('dataset') or {}).get('pipeline', True) == []:
        raise ValueError(
            '`train_dataloader.dataset.pipeline` must load and pack images, '
            'but is empty. Start from a config of `configs/`.'
        )


def _drop_incomplete_split(config: Config, split: str) -> list[str]:
    """A split without data, loop or metric has none of them."""
    parts = [f'{split}_{part}' for part in ('cfg', 'dataloader', 'evaluator')]
    off = [name for name in parts if config.get(name) is None]
    if not off or len(off) == len(parts):
        return []
    for name in parts:
        config[name] = None
    return [f'no {split} split is used, since `{off[0]}` is None']


def _drop_waiting_hooks(config: Config) -> list[str]:
    """Hooks that wait for a loss or a metric that is not computed."""
    if config.get('default_hooks') is None:
        config.default_hooks = {}
    hooks, notes = config.default_hooks, []
    stopping = hooks.get('early_stopping')
    computed = partial(_is_computed, config)
    if stopping and not computed(stopping.get('monitor')):
        hooks.early_stopping = None
        notes.append(
            f'no early stopping: `{stopping.get("monitor")}` is not computed'
        )
    saving = hooks.get('checkpoint') or ConfigDict()
    best = saving.get('save_best')
    _check_monitored(config, best, stopping)
    if not best:
        saving.pop('rule', None)
        return notes
    names = [best] if isinstance(best, str) else list(best)
    kept = [name for name in names if computed(name)]
    if kept != names:
        notes.append(
            f'best checkpoints by {kept or "nothing"}: '
            f'{sorted(set(names) - set(kept))} are not computed'
        )
    saving.save_best = kept
    saving.rule = _rules(names, saving.get('rule'), kept)
    if not kept:
        saving.save_best = saving.rule = None
    return notes


def _is_computed(config: Config, name: str) -> bool:
    """Whether a validation gives a metric, as far as one can tell."""
    if config.get('val_cfg') is None:
        return False
    if name == 'val_loss':
        return bool(config.default_hooks.get('val_loss'))
    of_froc = str(name).startswith('froc/')
    return not of_froc or str(name).startswith(_froc_prefixes(config))


def _froc_prefixes(config: Config) -> tuple[str, ...]:
    """What the names of FROC's figures of a validation begin with."""
    prefixes = {
        f'{evaluator.get("prefix") or "froc"}/'
        for evaluator in evaluators_of(config, 'val')
        if is_froc(evaluator)
    }
    return tuple(sorted(prefixes))


def _rules(
    names: list[str], rules: list[str] | str | None, kept: list[str]
) -> list[str]:
    """Rules of the kept metrics; those of other metrics fit by accident."""
    rules = [rules] if isinstance(rules, str) else list(rules or [])
    if len(rules) != len(names):
        return ['less' if 'loss' in name else 'greater' for name in kept]
    return [
        rule for name, rule in zip(names, rules, strict=True) if name in kept
    ]


def _check_monitored(config: Config, best, stopping) -> None:
    """Refuse figures that no metric of the validation has."""
    metrics = evaluators_of(config, 'val')
    rates = {
        rate
        for evaluator in filter(is_froc, metrics)
        for rate in evaluator.get('fp_rates', FP_RATES)
    }
    figures = {f'sens@{rate:g}' for rate in rates}
    figures |= {'mean', 'max_sens', 'fps@max'}
    prefixes = _froc_prefixes(config)
    names = [best] if isinstance(best, str) else list(best or [])
    names += [stopping['monitor']] if stopping else []
    for name in names:
        of_froc = str(name).startswith(prefixes)
        # What other metrics and hooks compute is not known before they ran.
        known = all(map(is_froc, metrics)) and not _has_other_hooks(config)
        foreign = not str(name).startswith(('froc/', 'val_loss', *prefixes))
        foreign &= name != 'auto' and bool(metrics) and known
        if foreign or (of_froc and str(name).split('/')[-1] not in figures):
            raise ValueError(
                f'the validation has no {name!r}, which '
                '`default_hooks.checkpoint.save_best` or '
                '`default_hooks.early_stopping.monitor` names, but '
                f'{", ".join(f"`{p}`" for p in prefixes)} and one of '
                f'{sorted(figures)}, and `val_loss`.'
            )


def _has_other_hooks(config: Config) -> bool:
    """Whether there are hooks of a user, which may compute figures."""
    hooks = [
        *config.default_hooks.values(),
        *(config.get('custom_hooks') or ()),
    ]
    kinds = [hook.get('type') for hook in hooks if isinstance(hook, dict)]
    classes = [HOOKS.get(k) if isinstance(k, str) else k for k in kinds if k]
    return any(
        c.__module__.split('.')[0] not in _PACKAGES for c in classes if c
    )


def check_trackers(config: Config) -> None:
    """Raise ValueError if a tracker's package is missing."""
    visualizer = config.get('visualizer') or {}
    for backend in visualizer.get('vis_backends') or ():
        kind = type_name(backend)
        package = TRACKERS.get(kind)
        if package is not None and importlib.util.find_spec(package) is None:
            raise ValueError(
                f'`visualizer.vis_backends` has a {kind}, which needs the '
                f"package '{package}': pip install {package} (or all "
                f'trackers, {install_line("trackers")}).'
            )
