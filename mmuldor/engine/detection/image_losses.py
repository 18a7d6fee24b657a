"""Losses of single images in evaluation mode, for any detector."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmcv.cnn.bricks import DropPath
from mmdet.models.detectors import BaseDetector
from mmdet.utils import dist_utils
from torch import Tensor, nn

from mmuldor.engine.detection.detections import stages
from mmuldor.engine.detection.generators import generators_kept
from mmuldor.engine.detection.one_pass import features_known
from mmuldor.upstream.layers import DROPOUTS, NORMS

# Layers that stay in evaluation mode while losses are computed.
_EVALUATING = (NORMS, DROPOUTS, nn.MultiheadAttention, DropPath)


@torch.no_grad()
def losses_by_image(
    detector: BaseDetector,
    data: dict,
    features: Sequence[Tensor],
    seed: int,
    num_classes: int,
) -> dict[int, dict[str, float]]:
    """The losses of each image of a batch, and ``val_loss``, their sum.

    The random numbers of samplers are seeded for each image, and no loss is
    normalised by what other processes do, so the same weights give the same
    losses in any order. All generators are restored afterwards.

    Args:
        detector: An mmdet detector in evaluation mode, on its device.
        data: ``inputs`` and ``data_samples`` with targets, preprocessed.
        features: Maps (N, C, h, w) of the batch, one a level.
        seed: Seed of the samplers, combined with the image id.
        num_classes: Number of classes of the targets. Further classes of the
            box head's softmax count as background.

    Returns:
        Losses by name, by image id.
    """
    losses_by_id = {}
    device = features[0].device
    devices = [device.index or 0] if device.type == 'cuda' else []
    with (
        generators_kept(devices),
        _without_other_processes(),
        _as_in_training(detector, num_classes),
    ):
        for number, sample in enumerate(data['data_samples']):
            maps, inputs = features, data['inputs']
            if len(inputs) > 1:
                maps = [level[number : number + 1] for level in features]
                inputs = inputs[number : number + 1]
            # Seeds below 2**16 stay distinct from those of other images.
            image_seed = seed + (int(sample.img_id) << 16)
            torch.manual_seed(image_seed)
            # Some of mmdet's samplers draw from it, which takes 32 bits.
            np.random.seed(image_seed % 2**32)
            with features_known(detector, maps):
                losses = detector.loss(inputs, [sample])
            log_vars = detector.parse_losses(losses)[1]
            losses_by_id[int(sample.img_id)] = _named(log_vars)
    return losses_by_id


def mean_of_images(
    parts: Sequence[dict[int, dict[str, float]]],
) -> dict[str, float]:
    """Mean of each loss over the images of all processes.

    Images are summed in the order of their ids, so the result is the same for
    any number of processes.
    """
    gathered = {k: losses for part in parts for k, losses in part.items()}
    images = [gathered[image_id] for image_id in sorted(gathered)]
    return {
        name: sum(image[name] for image in images) / len(images)
        for name in images[0]
    }


def _named(log_vars: dict[str, Tensor]) -> dict[str, float]:
    """Losses with the prefix ``val_``; other logged values are left out."""
    return {
        f'val_{name}': float(value)
        for name, value in log_vars.items()
        if 'loss' in name
    }


@contextlib.contextmanager
def _without_other_processes() -> Iterator[None]:
    """Let mmdet's `reduce_mean` return what it gets.

    Heads of one stage divide by the mean number of positives over all
    processes, which in a validation have other images, or none left: then the
    others would wait for ever.
    """
    known = dist_utils.dist
    dist_utils.dist = SimpleNamespace(is_available=lambda: False)
    try:
        yield
    finally:
        dist_utils.dist = known


@contextlib.contextmanager
def _as_in_training(detector: nn.Module, num_classes: int) -> Iterator[None]:
    with (
        heads_in_training(detector),
        other_classes_as_background(detector, num_classes),
    ):
        yield


@contextlib.contextmanager
def heads_in_training(detector: nn.Module) -> Iterator[None]:
    """Put heads in training mode, except for their norms and dropouts.

    Some losses need it: DINO's, for example, needs queries that are made in
    training mode only.
    """
    before = {module: module.training for module in detector.modules()}
    for module in before:
        module.training = not isinstance(module, _EVALUATING)
    for part in ('backbone', 'neck', 'data_preprocessor'):
        if isinstance(getattr(detector, part, None), nn.Module):
            getattr(detector, part).eval()
    try:
        yield
    finally:
        for module, training in before.items():
            module.training = training


@contextlib.contextmanager
def other_classes_as_background(
    detector: BaseDetector, num_classes: int
) -> Iterator[None]:
    """Count further classes of the box heads' softmax as background.

    In a model with a false-positive class, predicting that class for a region
    of background is correct.
    """
    merge = partial(_merge_classes, num_classes)
    handles = [
        head.loss_cls.register_forward_pre_hook(merge)
        for head in box_heads(detector)
        if head.num_classes > num_classes
        and not getattr(head.loss_cls, 'use_sigmoid', False)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def box_heads(detector: BaseDetector) -> list[Any]:
    """Box heads of a two-stage detector, one a stage; [] for others."""
    head = getattr(getattr(detector, 'roi_head', None), 'bbox_head', None)
    return [] if head is None else stages(head)


def _merge_classes(known: int, _module: nn.Module, args: tuple) -> tuple:
    """Add the probability of classes from ``known`` on to background."""
    scores, *others = args
    background = scores[:, known:].logsumexp(dim=1, keepdim=True)
    impossible = torch.full_like(scores[:, known:-1], -torch.inf)
    merged = torch.cat([scores[:, :known], impossible, background], dim=1)
    return (merged, *others)
