"""Features of a frozen backbone at boxes of real slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

import mmuldor.models  # noqa: F401  registers, before mmdet is imported

# isort: split
from mmcv.ops import RoIAlign
from mmdet.models.backbones import ResNet

from benchmarks.pretrained_probe.tissue import Sample
from mmuldor.apis.checks.model import init_quietly
from mmuldor.datasets.transforms import LoadCTSlices, ResizeToSpacing, WindowHU
from mmuldor.functional.frame import to_detector

# Stride of the maps of layer 1, 2 and 3.
STRIDES = (4, 8, 16)
WINDOW = (-1000, 1000)
# Every third slice is enough for means and variances.
_STATISTICS_STEP = 3


@dataclass(frozen=True)
class Look:
    """How a backbone sees a slice.

    Attributes:
        data: Folder of the real data.
        spacing_mm: Pixel size; the long side stays at most 512 px.
        window: Low and high HU, which become 0 and 1.
    """

    data: Path
    spacing_mm: float
    window: tuple[float, float] = WINDOW

    def load(self, image: dict) -> tuple[torch.Tensor, np.ndarray]:
        """A key slice and both neighbours.

        Args:
            image: Of the annotation document.

        Returns:
            (3, H, W) float32 in 0 to 1, and the factors of x and y, (2,).
        """
        results = {**image, 'img_path': str(self.data / image['file_name'])}
        for step in (
            LoadCTSlices(3),
            WindowHU([self.window]),
            ResizeToSpacing(self.spacing_mm, 512),
        ):
            results = step.transform(results)
        pixels = torch.from_numpy(results['img'] / 255.0).permute(2, 0, 1)
        return pixels.contiguous(), np.array(results['scale_factor'])


def key_slice_hu(image: dict, data: Path) -> np.ndarray:
    """The key slice alone, (H, W) HU."""
    results = {**image, 'img_path': str(data / image['file_name'])}
    return LoadCTSlices(1).transform(results)['img'][..., 0]


def backbone_of(init_cfg: dict | None, seed: int = 0) -> ResNet:
    """A ResNet-152 up to layer 3.

    Args:
        init_cfg: Its weights; None: random ones, whose BatchNorm has no
            statistics yet.
        seed: Of random weights.
    """
    torch.manual_seed(seed)
    model = ResNet(
        152,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        norm_eval=False,
        # Else blocks of random weights would hand on their input alone.
        zero_init_residual=False,
        init_cfg=init_cfg,
    )
    init_quietly(model)
    model.eval()
    return model


@torch.no_grad()
def set_statistics(model: nn.Module, images: list[dict], look: Look) -> None:
    """Give BatchNorm of random weights the mean statistics of slices."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        # None: the plain mean over all images.
        norm.momentum = None
    model.train()
    for image in images[::_STATISTICS_STEP]:
        model(look.load(image)[0][None])
    model.eval()


@torch.no_grad()
def features_at(
    model: nn.Module, pixels: torch.Tensor, boxes: np.ndarray
) -> list[np.ndarray]:
    """Means of each map over boxes.

    Cell i of a map of stride s has its centre on pixel s i, since every
    convolution is padded evenly; RoIAlign takes it for s i + (s - 1) / 2.

    Args:
        model: The backbone.
        pixels: (3, H, W).
        boxes: (n, 4) x1 y1 x2 y2 px of that image, from its outer edge.

    Returns:
        (n, channels) float32 of each map.
    """
    rois = torch.zeros(len(boxes), 5)
    found = []
    for stride, maps in zip(STRIDES, model(pixels[None]), strict=True):
        rois[:, 1:] = torch.from_numpy(boxes + (stride - 1) / 2)
        pool = RoIAlign(1, 1 / stride, sampling_ratio=4, aligned=True)
        found.append(pool(maps, rois).flatten(1).numpy())
    return found


def probe_features(
    model: nn.Module,
    images: Sequence[dict],
    samples: Sequence[Sample],
    look: Look,
) -> list[np.ndarray]:
    """Features of all samples, (samples, channels) of each map.

    Args:
        model: From `backbone_of`.
        images: Of the annotation document.
        samples: In the order of its images.
        look: How it sees them.
    """
    rows: list[list[np.ndarray]] = [[] for _ in STRIDES]
    for index, image in enumerate(images):
        boxes = np.array([s.box_px for s in samples if s.image == index])
        pixels, factors = look.load(image)
        scaled = to_detector(boxes) * np.tile(factors, 2)
        for row, found in zip(
            rows, features_at(model, pixels, scaled), strict=True
        ):
            row.append(found)
    return [np.concatenate(row) for row in rows]
