"""What tools need to know of a detector, whatever kind it is."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.config import ConfigDict
from torch import nn

# Where mmdet's detectors keep their heads; the RPN's classes are no lesions.
_HEADS = ('roi_head', 'bbox_head', 'mask_head', 'panoptic_head')


def unwrapped(model: nn.Module) -> nn.Module:
    """A detector in a wrapper of processes, of views, or of both."""
    while hasattr(model, 'module'):
        model = model.module
    return model


def heads_of(detector: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Names and modules of a detector's heads that know classes.

    The stages of a cascade, the box and mask heads of a two-stage detector,
    the one head of others.
    """
    for name in _HEADS:
        part = getattr(detector, name, None)
        if not isinstance(part, nn.Module):
            continue
        for inner, module in part.named_modules():
            if isinstance(getattr(module, 'num_classes', None), int):
                yield '.'.join(filter(None, (name, inner))), module


def classes_of(detector: nn.Module) -> dict[str, int]:
    """The number of classes of each head, background not counted."""
    return {name: head.num_classes for name, head in heads_of(detector)}


def set_score_threshold(detector: nn.Module, score_thr: float) -> None:
    """Let a detector predict from this score on.

    It stands with the head that predicts; detectors without one in their
    ``test_cfg`` (the DETR family) predict a fixed number, whose users cut.
    """
    for config in _test_configs(detector):
        if 'score_thr' in config:
            config['score_thr'] = score_thr


def _test_configs(detector: nn.Module) -> Iterator[ConfigDict]:
    for name in _HEADS:
        config = getattr(getattr(detector, name, None), 'test_cfg', None)
        if config is not None:
            yield config
