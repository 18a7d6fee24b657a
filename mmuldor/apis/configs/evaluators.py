"""The evaluators of a config: one metric, or a list of them."""

from __future__ import annotations

from mmengine.config import Config, ConfigDict

FROC = 'mmuldor.FROCMetric'


def evaluators_of(config: Config, split: str) -> list[ConfigDict]:
    """The metrics of 'val' or 'test' as a list."""
    found = config.get(f'{split}_evaluator') or []
    return [found] if isinstance(found, dict) else list(found)


def is_froc(evaluator: ConfigDict) -> bool:
    """Whether a metric's config is of FROC."""
    return evaluator.get('type') in (FROC, FROC.partition('.')[2])


def froc_of(config: Config, split: str) -> ConfigDict:
    """The one FROC metric of a split.

    Raises:
        ValueError: If there is none, or several.
    """
    found = list(filter(is_froc, evaluators_of(config, split)))
    if len(found) != 1:
        types = [e.get('type') for e in evaluators_of(config, split)]
        raise ValueError(
            f"config '{config.filename}': `{split}_evaluator` must hold one "
            f'{FROC}, but holds {types}.'
        )
    return found[0]
