"""Losses of single images in evaluation mode, for any detector."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial

import torch
from mmcv.cnn.bricks import DropPath
from torch import Tensor, nn

from mmuldor.engine.detection.detections import stages
from mmuldor.engine.detection.one_pass import features_known
from mmuldor.upstream.layers import DROPOUTS, NORMS

# What behaves otherwise in training, whatever the losses are.
_EVALUATING = (NORMS, DROPOUTS, nn.MultiheadAttention, DropPath)


@torch.no_grad()
def losses_by_image(
    detector: nn.Module,
    data: dict,
    features: Sequence[Tensor],
    seed: int,
    num_classes: int,
) -> dict[int, dict[str, float]]:
    """The losses of each image of a batch, and ``val_loss``, their sum.

    Each image has its own random numbers, so that the same weights give the
    same losses in any order; the generator in use stays where it is.

    Args:
        detector: An mmdet detector in evaluation mode, on its device.
        data: ``inputs`` and ``data_samples`` with targets, preprocessed.
        features: Maps of the batch, one tensor a level.
        seed: Seed of the samplers, with the image id.
        num_classes: Classes of the targets. Where the box head's softmax has
            more, they count as background.
    """
    found = {}
    with _generators_kept(features), _as_in_training(detector, num_classes):
        for number, sample in enumerate(data['data_samples']):
            one, inputs = features, data['inputs']
            if len(inputs) > 1:
                one = [level[number : number + 1] for level in features]
                inputs = inputs[number : number + 1]
            torch.manual_seed(seed + (int(sample.img_id) << 16))
            with features_known(detector, one):
                losses = detector.loss(inputs, [sample])
            log_vars = detector.parse_losses(losses)[1]
            found[int(sample.img_id)] = _named(log_vars)
    return found


def mean_of_images(
    parts: Sequence[dict[int, dict[str, float]]],
) -> dict[str, float]:
    """Mean of each loss an image, over what all processes found.

    In the order of the ids: the same sum for any number of processes.
    """
    gathered = {k: losses for part in parts for k, losses in part.items()}
    images = [gathered[image_id] for image_id in sorted(gathered)]
    return {
        name: sum(image[name] for image in images) / len(images)
        for name in images[0]
    }


def _named(log_vars: dict[str, Tensor]) -> dict[str, float]:
    """``loss`` becomes ``val_loss``; what is no loss is left out."""
    return {
        f'val_{name}': float(value)
        for name, value in log_vars.items()
        if 'loss' in name
    }


@contextlib.contextmanager
def _generators_kept(features: Sequence[Tensor]) -> Iterator[None]:
    device = features[0].device
    devices = [device.index or 0] if device.type == 'cuda' else []
    with torch.random.fork_rng(devices):
        yield


@contextlib.contextmanager
def _as_in_training(detector: nn.Module, num_classes: int) -> Iterator[None]:
    with (
        heads_in_training(detector),
        other_classes_as_background(detector, num_classes),
    ):
        yield


@contextlib.contextmanager
def heads_in_training(detector: nn.Module) -> Iterator[None]:
    """Let heads make their training targets; norms and dropouts evaluate.

    DINO's loss, for example, asks for queries that it makes in training only.
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
    detector: nn.Module, num_classes: int
) -> Iterator[None]:
    """Let the box heads' softmax see the targets' classes and background.

    In a model that learns false positives as a class, a region of background
    that is called a false positive is called right.
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


def box_heads(detector: nn.Module) -> list[nn.Module]:
    """Box heads of a two-stage detector's stages; none of others."""
    head = getattr(getattr(detector, 'roi_head', None), 'bbox_head', None)
    return [] if head is None else stages(head)


def _merge_classes(known: int, _module: nn.Module, args: tuple) -> tuple:
    """Move the probability of all classes from ``known`` on to background."""
    scores, *others = args
    background = scores[:, known:].logsumexp(dim=1, keepdim=True)
    nothing = torch.full_like(scores[:, known:-1], -torch.inf)
    merged = torch.cat([scores[:, :known], nothing, background], dim=1)
    return (merged, *others)
