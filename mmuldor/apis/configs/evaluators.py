"""The evaluators of a config: one metric, or a list of them."""

from __future__ import annotations

from mmengine.config import Config, ConfigDict

FROC = 'mmuldor.FROCMetric'


def evaluators_of(config: Config, split: str) -> list[ConfigDict]:
    """The metrics of 'val' or 'test' as a list."""
    metrics = config.get(f'{split}_evaluator') or []
    return [metrics] if isinstance(metrics, dict) else list(metrics)


def is_froc(evaluator: ConfigDict) -> bool:
    """Whether a config is of the FROC metric."""
    return evaluator.get('type') in (FROC, FROC.partition('.')[2])


def froc_of(config: Config, split: str) -> ConfigDict:
    """The FROC metric of a split.

    Raises:
        ValueError: If there is none, or several.
    """
    metrics = list(filter(is_froc, evaluators_of(config, split)))
    if len(metrics) != 1:
        types = [e.get('type') for e in evaluators_of(config, split)]
        raise ValueError(
            f"config '{config.filename}': `{split}_evaluator` must hold one "
            f'{FROC}, but holds {types}.'
        )
    return metrics[0]
