"""The evaluators of a config: one metric, or a list of them."""

from __future__ import annotations

import os

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


def check_annotations(config: Config, split: str) -> None:
    """Raise ValueError if a metric reads other annotations than the data.

    Image ids of two files may be the same numbers: the figures would be of
    other lesions, without a word.
    """
    dataset = (config.get(f'{split}_dataloader') or {}).get('dataset') or {}
    file = dataset.get('ann_file')
    if not file:
        return
    loaded = os.path.join(dataset.get('data_root') or '', file)
    for evaluated in other_annotations(config, split, loaded):
        raise ValueError(
            f'`{split}_evaluator.ann_file` is {evaluated}, but the dataset '
            f'reads {loaded}: the results would be compared with other '
            'lesions. Set both.'
        )


def other_annotations(config: Config, split: str, loaded: str) -> list[str]:
    """The annotation files of a split's metrics that its data do not read.

    Args:
        config: The config.
        split: 'val' or 'test'.
        loaded: The file that its dataset reads.
    """
    files = [e.get('ann_file') for e in evaluators_of(config, split)]
    own = os.path.realpath(loaded)
    return [f for f in files if f is not None and os.path.realpath(f) != own]
