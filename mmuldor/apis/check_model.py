"""Check a model against its training data: classes, boxes, anchors."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import MODELS
from torch import nn

from mmuldor.apis.browse import targets_of
from mmuldor.engine.detection.heads import classes_of

# One cell of P2, which has stride 4: smaller lesions hardly show on any level.
_TINY_PX = 4.0


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
    """The initialised model of a config, without weights of a file or URL.

    Some modules have uninitialised memory until ``init_weights`` is called.
    """
    model = copy.deepcopy(config.model)
    _drop_weights(model)
    model = MODELS.build(model)
    logger = MMLogger.get_current_instance()
    level = logger.level
    # MMEngine would log a line for each parameter.
    logger.setLevel('WARNING')
    model.init_weights()
    logger.setLevel(level)
    return model


def _drop_weights(part: Any) -> None:
    """Remove, in place, each ``init_cfg`` that loads a file or URL."""
    if isinstance(part, dict):
        start = part.get('init_cfg')
        if isinstance(start, dict) and 'checkpoint' in start:
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
    yield from _check_boxes(samples, classes, model)


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


def _check_boxes(
    samples: list[dict], classes: Sequence[str], model: nn.Module
) -> Iterator[CheckResult]:
    targets = [
        target
        for sample in samples
        for target in targets_of(sample['data_samples'], classes)
    ]
    sizes = np.array([t.bbox[2:] for t in targets if t.is_lesion])
    if not len(sizes):
        yield CheckResult('error', 'the loaded samples have no lesion.')
        return
    low, middle, high = np.percentile(np.sqrt(sizes.prod(axis=1)), [5, 50, 95])
    text = (
        f'lesions are {low:.0f}, {middle:.0f}, {high:.0f} px in the model '
        '(5, 50, 95 %)'
    )
    small = low < _TINY_PX
    anchors, needed = _anchors(model)
    if anchors is not None:
        best = _size_iou(sizes, anchors[:, 2:] - anchors[:, :2]).max(axis=1)
        share = (best >= needed).mean()
        small |= share < 0.5
        text += f'; {share:.0%} can match an anchor with IoU {needed}'
    yield CheckResult('warning' if small else 'ok', text)


def _anchors(model: nn.Module) -> tuple[np.ndarray | None, float]:
    """Anchors (n, 4) at one position, and the IoU of a positive one.

    Returns:
        (None, 0.0) if the model has no such anchors.
    """
    head = getattr(model, 'rpn_head', None) or getattr(
        model, 'bbox_head', None
    )
    generator = getattr(head, 'prior_generator', None)
    config = getattr(head, 'train_cfg', None) or {}
    needed = (config.get('assigner') or {}).get('pos_iou_thr')
    if needed is None or not isinstance(generator, AnchorGenerator):
        return None, 0.0
    return torch.cat(generator.base_anchors).numpy(), needed


def _size_iou(sizes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """IoU of concentric boxes of sizes (n, 2) and (m, 2): (n, m)."""
    common = np.minimum(sizes[:, None], anchors[None]).prod(axis=2)
    areas = sizes.prod(axis=1)[:, None] + anchors.prod(axis=1)[None]
    return common / (areas - common)
