"""Datasets and transforms."""

from mmuldor.datasets.deeplesion import DeepLesionDataset
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
    'LoadCTSlices',
    'RecistToMask',
    'ResizeToSpacing',
    'WindowHU',
]
