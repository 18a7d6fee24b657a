"""How a model's anchors match the lesions of a whole split."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from mmcv.transforms import (
    BaseTransform,
    Compose,
    RandomApply,
    RandomChoice,
    Resize,
)
from mmdet.datasets.transforms import LoadAnnotations
from mmdet.models.task_modules.assigners import MaxIoUAssigner
from mmdet.models.task_modules.prior_generators import (
    AnchorGenerator,
    anchor_inside_flags,
)
from mmengine.structures import InstanceData
from torch import Tensor, nn

from mmuldor.apis.checks.crops import steps_to_crop

# IoUs that detectors ask of a positive anchor.
IOUS = (0.5, 0.6, 0.7)


@dataclass(frozen=True)
class AnchorMatches:
    """How anchors match lesions.

    Attributes:
        positives: Number of positive anchors of each lesion, (n,) int64.
        low_quality: How many of them are below the assigner's IoU and are
            positive because no other anchor fits better, (n,) int64.
        best_iou: The largest IoU with an anchor, (n,) float64.
        pos_iou_thr: The assigner's IoU of a positive anchor.
    """

    positives: np.ndarray
    low_quality: np.ndarray
    best_iou: np.ndarray
    pos_iou_thr: float

    @property
    def text(self) -> str:
        """One line: positives a lesion, and what the best anchors reach."""
        total = self.positives.sum()
        low = self.low_quality.sum() / total if total else 1.0
        reached = ', '.join(
            f'{np.mean(self.best_iou >= iou):.0%} IoU {iou:g}' for iou in IOUS
        )
        return (
            f'anchors: {np.mean(self.positives > 0):.0%} of '
            f'{len(self.positives)} lesions have a positive one, '
            f'{self.positives.mean():.2f} a lesion, {low:.0%} of them below '
            f'IoU {self.pos_iou_thr:g}; lesions reach {reached}'
        )


def anchor_matches(
    model: nn.Module,
    pipeline: Iterable[BaseTransform],
    infos: Iterable[Mapping],
) -> AnchorMatches | None:
    """Match all lesions of a split.

    Boxes are cropped to the body and resized as the pipeline does with images,
    at random where it does so, and lie where they are in the image; other
    steps, as random flips, are left out. The grid of anchors is that of an
    image padded alone. Slices are loaded only where ``CropToBody`` must see
    them.

    Args:
        model: The detector.
        pipeline: Transforms of training.
        infos: Of the dataset: ``height``, ``width``, ``spacing_mm`` and
            ``instances`` of each image.

    Returns:
        None without anchors that a `MaxIoUAssigner` assigns, or without
        lesions.
    """
    head = anchor_head(model)
    if head is None:
        return None
    steps = list(pipeline)
    resize = Compose([
        *steps_to_crop(steps),
        LoadAnnotations(with_bbox=True),
        *_resizing(steps),
    ])  # fmt: skip
    grid = _Grid(head, getattr(model.data_preprocessor, 'pad_size_divisor', 1))
    found = [_match(head.assigner, grid, resize, info) for info in infos]
    if not found:
        return None
    positives, low, best = map(np.concatenate, zip(*found, strict=True))
    if not len(positives):
        return None
    return AnchorMatches(positives, low, best, head.assigner.pos_iou_thr)


def _resizing(steps: Iterable[BaseTransform]) -> Iterator[BaseTransform]:
    """The steps that resize, or choose among steps that do."""
    for step in steps:
        # RandomResize and the like have one of their own.
        if isinstance(step, Resize) or isinstance(
            getattr(step, 'resize', None), Resize
        ):
            yield step
        elif isinstance(step, RandomChoice):
            chosen = copy.copy(step)
            chosen.transforms = [
                Compose([*_resizing(branch)]) for branch in step
            ]
            yield chosen
        elif isinstance(step, RandomApply):
            chosen = copy.copy(step)
            chosen.transforms = Compose([*_resizing(step)])
            yield chosen


def anchor_head(model: nn.Module) -> Any:
    """The head whose anchors an IoU assigner assigns; None without one."""
    for name in ('rpn_head', 'bbox_head'):
        head = getattr(model, name, None)
        if isinstance(
            getattr(head, 'prior_generator', None), AnchorGenerator
        ) and isinstance(getattr(head, 'assigner', None), MaxIoUAssigner):
            return head
    return None


class _Grid:
    """The anchors of an image's size.

    Args:
        head: An anchor head.
        divisor: Sides are padded to multiples of it, px.
    """

    def __init__(self, head: Any, divisor: int) -> None:
        self.generator = head.prior_generator
        self.border = (head.train_cfg or {}).get('allowed_border', -1)
        self.divisor = max(divisor, 1)
        # Images of a dataset have few sizes.
        self.of = lru_cache(maxsize=8)(self._anchors)

    def _anchors(self, height: int, width: int) -> Tensor:
        """Anchors that training uses, (n, 4)."""
        rows, columns = (
            -(-side // self.divisor) * self.divisor for side in (height, width)
        )
        sizes = [
            (-(-rows // down), -(-columns // across))
            for across, down in self.generator.strides
        ]
        anchors = torch.cat(self.generator.grid_priors(sizes, device='cpu'))
        valid = torch.cat(
            self.generator.valid_flags(sizes, (rows, columns), device='cpu')
        )
        inside = anchor_inside_flags(
            anchors, valid, (height, width), self.border
        )
        return anchors[inside]


def _match(
    assigner: MaxIoUAssigner, grid: _Grid, resize: Compose, info: Mapping
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The three columns of `AnchorMatches` for one image."""
    height, width = info['height'], info['width']
    image = np.zeros((height, width), np.uint8)
    shapes = {'img': image, 'img_shape': (height, width)}
    found = resize({**info, **shapes})
    boxes = found['gt_bboxes'].tensor
    ignored = torch.from_numpy(found['gt_ignore_flags'])
    anchors = grid.of(*found['img_shape'][:2])
    kept = boxes[~ignored]
    result = assigner.assign(
        InstanceData(priors=anchors),
        InstanceData(bboxes=kept, labels=torch.zeros(len(kept)).long()),
        InstanceData(bboxes=boxes[ignored]),
    )
    positive = result.gt_inds > 0
    lesion = (result.gt_inds[positive] - 1).numpy()
    low = (result.max_overlaps[positive] < assigner.pos_iou_thr).numpy()
    iou = assigner.iou_calculator(kept, anchors)
    return (
        np.bincount(lesion, minlength=len(kept)),
        np.bincount(lesion[low], minlength=len(kept)),
        iou.max(dim=1).values.numpy().astype(np.float64)
        if len(kept)
        else np.zeros(0),
    )
