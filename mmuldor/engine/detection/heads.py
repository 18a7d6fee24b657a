"""Heads, classes and score thresholds of any detector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from mmengine.config import ConfigDict
from torch import nn

# Attributes of mmdet's detectors with heads. Not `rpn_head`, whose classes
# are objects and background.
_HEADS = ('roi_head', 'bbox_head', 'mask_head', 'panoptic_head')


def unwrapped(model: nn.Module) -> nn.Module:
    """The detector inside wrappers for several processes or for TTA."""
    while hasattr(model, 'module'):
        model = cast(nn.Module, model.module)
    return model


def heads_of(detector: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Names and modules of a detector's heads that predict classes.

    These are the box and mask heads of a two-stage detector (each stage of a
    cascade), and the head of other detectors.
    """
    for name in _HEADS:
        part = getattr(detector, name, None)
        if not isinstance(part, nn.Module):
            continue
        for inner, module in part.named_modules():
            if isinstance(getattr(module, 'num_classes', None), int):
                yield '.'.join(filter(None, (name, inner))), module


def classes_of(detector: nn.Module) -> dict[str, int]:
    """The number of classes of each head, without background."""
    return {n: cast(int, h.num_classes) for n, h in heads_of(detector)}


def check_types(detector: nn.Module, types: Sequence[str]) -> None:
    """Raise ValueError unless the detector has the test data's classes."""
    for name, number in classes_of(detector).items():
        if number != len(types) if types else number > 2:
            raise ValueError(
                f'`model.{name}.num_classes` is {number}, but the test '
                f'dataset has {types or "one lesion class"}. Set its '
                '`lesion_types` to those of the training.'
            )


def set_score_threshold(detector: nn.Module, score_thr: float) -> None:
    """Set ``score_thr`` in the ``test_cfg`` of a detector's heads.

    Detectors without one (the DETR family) return a fixed number of
    detections, which callers must filter.
    """
    for config in _test_configs(detector):
        if 'score_thr' in config:
            config['score_thr'] = score_thr


def score_threshold(detector: nn.Module) -> float | None:
    """The largest ``score_thr`` of a detector's heads; None without one."""
    found = [c.get('score_thr') for c in _test_configs(detector)]
    return max((value for value in found if value is not None), default=None)


def assigners_of_background(detector: nn.Module) -> list[str]:
    """Types of assigners that take ignored regions for background.

    Each once, in the order of the modules. mmdet's with anchors skip these
    regions where `ignore_iof_thr` is above 0; others take no such argument.
    """
    found: dict[str, None] = {}
    for module in detector.modules():
        for name in ('assigner', 'bbox_assigner'):
            several = getattr(module, name, None)
            # A cascade has one for each stage.
            for assigner in (
                several if isinstance(several, list) else [several]
            ):
                if assigner is None or isinstance(assigner, nn.Module):
                    continue
                ignores = getattr(assigner, 'ignores_regions', False)
                if (
                    not ignores
                    and getattr(assigner, 'ignore_iof_thr', -1) <= 0
                ):
                    found[type(assigner).__name__] = None
    return list(found)


def warning_of_ignored(detector: nn.Module, regions: int) -> str | None:
    """A warning if a detector learns background in ignored regions.

    Args:
        detector: The detector.
        regions: Number of ignored regions in its training data.
    """
    blind = assigners_of_background(detector) if regions else []
    if not blind:
        return None
    return (
        f'the training data have {regions} ignored regions, but '
        f'{", ".join(blind)} learns background there. Use an R-CNN, RetinaNet '
        'or RTMDet config, or leave the images with such regions out.'
    )


def _test_configs(detector: nn.Module) -> Iterator[ConfigDict]:
    for name in _HEADS:
        config = getattr(getattr(detector, name, None), 'test_cfg', None)
        if config is not None:
            yield config
