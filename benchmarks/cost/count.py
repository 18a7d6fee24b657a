"""Operations and memory of a config's training step."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from mmdet.models.roi_heads.roi_extractors import BaseRoIExtractor
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.cost.memory import KeptForBackward
from mmuldor.apis.checks.model import untrained

# The median lesion of DeepLesion at 0.8 mm a pixel, for what depends on one.
_LESION_PX = 24
_SIDE_PX = 512


@dataclass(frozen=True)
class Cost:
    """What one image costs.

    A multiplication and an addition are two operations. Convolutions and
    matrix products are counted, nothing else: no RoIAlign, NMS, assignment,
    normalisation.

    Attributes:
        channels: Of the image.
        side_px: Its sides.
        parameters: Of the model.
        forward: Operations of a forward pass in training.
        kept_bytes: What a forward pass in training keeps for the backward
            pass, in 32 bits.
    """

    channels: int
    side_px: int
    parameters: int
    forward: int
    kept_bytes: int

    @property
    def training(self) -> int:
        """Operations of a training step, at most.

        A backward pass has the gradient of the input and that of the weights,
        each as many as the forward pass. Frozen layers have fewer.
        """
        return 3 * self.forward

    def as_dict(self) -> dict[str, int]:
        """As JSON."""
        return asdict(self)


def count(config: Config, side_px: int | None = None) -> Cost:
    """Count what a forward pass with one image and lesion needs.

    Args:
        config: Any config of a detector.
        side_px: Sides of the image; by default the longest that the pipeline
            gives, ``max_size`` of ``ResizeToSpacing``.
    """
    init_default_scope(config.get('default_scope', 'mmdet'))
    channels, longest = _input(config)
    side = side_px or longest
    # Which RoIs are learned depends on weights and on draws.
    torch.manual_seed(0)
    # Any: torch types every attribute of a module as a tensor or module.
    model: Any = untrained(config).train()
    batch = _batch(channels, side, getattr(model, 'with_mask', False))
    data = model.data_preprocessor(batch, training=True)
    counter = FlopCounterMode(display=False)
    with counter, KeptForBackward(model.state_dict().values()) as kept:
        model(**data, mode='loss')
    parameters = sum(p.numel() for p in model.parameters())
    operations = _counted(counter, model)
    return Cost(channels, side, parameters, operations, kept.bytes)


def _counted(counter: FlopCounterMode, model: torch.nn.Module) -> int:
    """Operations without those of RoIAlign, a matrix product on a CPU."""
    found = counter.get_flop_counts()
    name = type(model).__name__
    extractors = [
        f'{name}.{part}'
        for part, module in model.named_modules()
        if isinstance(module, BaseRoIExtractor)
    ]
    excluded = sum(sum(found.get(part, {}).values()) for part in extractors)
    return counter.get_total_flops() - excluded


def _input(config: Config) -> tuple[int, int]:
    """Channels and longest side of the images of a training pipeline."""
    slices = windows = 1
    longest = _SIDE_PX
    for step in config.train_dataloader.dataset.pipeline:
        name = step['type'].rpartition('.')[2]
        if name == 'LoadCTSlices':
            slices = step.get('num_slices', 3)
        elif name in ('WindowHU', 'RandomWindowHU'):
            windows = len(step.get('windows', [None]))
        elif name.endswith('ResizeToSpacing'):
            longest = step.get('max_size') or longest
    return slices * windows, int(longest)


def _batch(channels: int, side: int, with_mask: bool) -> dict[str, list]:
    """Noise with a lesion in the middle, as a pipeline gives it."""
    generator = torch.Generator().manual_seed(0)
    image = torch.rand((channels, side, side), generator=generator) * 255
    low, high = (side - _LESION_PX) / 2, (side + _LESION_PX) / 2
    mask = np.zeros((1, side, side), dtype=np.uint8)
    mask[0, int(low) : int(high), int(low) : int(high)] = 1
    sample = DetDataSample(
        metainfo={
            'img_shape': (side, side),
            'ori_shape': (side, side),
            'scale_factor': (1.0, 1.0),
            'loaded_interval_mm': 2.0,
        }
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[low, low, high, high]]),
        labels=torch.zeros(1, dtype=torch.long),
    )
    sample.ignored_instances = InstanceData(
        bboxes=torch.zeros((0, 4)),
        labels=torch.zeros(0, dtype=torch.long),
    )
    if with_mask:
        sample.gt_instances.masks = BitmapMasks(mask, side, side)
        sample.ignored_instances.masks = BitmapMasks(mask[:0], side, side)
    return {'inputs': [image], 'data_samples': [sample]}
