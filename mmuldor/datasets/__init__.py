"""Datasets, their samplers and transforms."""

from mmuldor.datasets.deeplesion import DeepLesionDataset
from mmuldor.datasets.samplers.epoch_sampler import EpochIndex, EpochSampler
from mmuldor.datasets.transforms import (
    AddHardNegatives,
    LoadCTSlices,
    RecistToMask,
    ResizeToSpacing,
    WindowHU,
)

__all__ = [
    'AddHardNegatives',
    'DeepLesionDataset',
    'EpochIndex',
    'EpochSampler',
    'LoadCTSlices',
    'RecistToMask',
    'ResizeToSpacing',
    'WindowHU',
]
