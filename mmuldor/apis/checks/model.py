"""Check a model: its classes, lesions in it, and what it discards."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS
from torch import nn

from mmuldor.apis.browse import targets_of
from mmuldor.engine.detection.heads import classes_of, score_threshold
from mmuldor.models.pretrained.ct_pretrained_init import is_ct_pretrained

# One cell of P2, which has stride 4: smaller lesions hardly show on any level.
_TINY_PX = 4.0
# Of detections, whose score is a probability.
_MOST_THRESHOLD = 0.01


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one check.

    Attributes:
        level: 'ok', 'warning' or 'error'.
        text: The result, and the recommended action.
    """

    level: str
    text: str


def untrained(config: Config) -> nn.Module:
    """The initialised model of a config, without trained weights.

    Some modules have uninitialised memory until ``init_weights`` is called.
    """
    model = copy.deepcopy(config.model)
    _drop_weights(model)
    model = MODELS.build(model)
    init_quietly(model)
    return model


def init_quietly(model: Any) -> None:
    """Call ``init_weights`` without MMEngine's line for each parameter."""
    logger = MMLogger.get_current_instance()
    level = logger.level
    logger.setLevel('WARNING')
    try:
        model.init_weights()
    finally:
        logger.setLevel(level)


def _drop_weights(part: Any) -> None:
    """Remove, in place, each ``init_cfg`` that loads trained weights."""
    if isinstance(part, dict):
        start = part.get('init_cfg')
        if isinstance(start, dict) and (
            'checkpoint' in start or is_ct_pretrained(start)
        ):
            part['init_cfg'] = None
        part = list(part.values())
    if isinstance(part, (list, tuple)):
        for inner in part:
            _drop_weights(inner)


def check_model(
    model: nn.Module, samples: list[dict], classes: Sequence[str]
) -> Iterator[CheckResult]:
    """Check a model with samples of its training data.

    Args:
        model: The detector.
        samples: Packed samples.
        classes: Names of the dataset's classes.
    """
    yield from _check_classes(model, classes)
    yield _check_boxes(samples, classes)
    yield from _check_threshold(model)


def _check_classes(
    model: nn.Module, classes: Sequence[str]
) -> Iterator[CheckResult]:
    wrong = [
        f'`model.{name}.num_classes` is {number}'
        for name, number in classes_of(model).items()
        if number != len(classes)
    ]
    if wrong:
        yield CheckResult(
            'error',
            f'{", ".join(wrong)}, but the training data have {len(classes)} '
            f'classes, {classes}.',
        )


def _check_boxes(samples: list[dict], classes: Sequence[str]) -> CheckResult:
    targets = [
        target
        for sample in samples
        for target in targets_of(sample['data_samples'], classes)
    ]
    sizes = np.array([t.bbox[2:] for t in targets if t.is_lesion])
    if not len(sizes):
        return CheckResult('error', 'the loaded samples have no lesion.')
    low, middle, high = np.percentile(np.sqrt(sizes.prod(axis=1)), [5, 50, 95])
    text = (
        f'lesions are {low:.0f}, {middle:.0f}, {high:.0f} px in the model '
        '(5, 50, 95 %)'
    )
    return CheckResult('warning' if low < _TINY_PX else 'ok', text)


def _check_threshold(model: nn.Module) -> Iterator[CheckResult]:
    """Of 0.05, as for COCO, FROC has no detections of many FPs."""
    threshold = score_threshold(model)
    if threshold is not None and threshold > _MOST_THRESHOLD:
        yield CheckResult(
            'warning',
            f'detections below a score of {threshold:g} are discarded '
            '(`score_thr` of `model.test_cfg`), where FROC ends; configs of '
            'this project have 0.001',
        )
