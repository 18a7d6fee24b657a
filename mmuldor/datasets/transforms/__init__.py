"""Transforms, one class a file."""

from mmuldor.datasets.transforms.add_hard_negatives import AddHardNegatives
from mmuldor.datasets.transforms.copy_paste_lesions import CopyPasteLesions
from mmuldor.datasets.transforms.crop_to_body import CropToBody
from mmuldor.datasets.transforms.load_ct_slices import LoadCTSlices
from mmuldor.datasets.transforms.random_resize_to_spacing import (
    RandomResizeToSpacing,
)
from mmuldor.datasets.transforms.random_slice import RandomSlice
from mmuldor.datasets.transforms.random_window_hu import RandomWindowHU
from mmuldor.datasets.transforms.recist_to_mask import RecistToMask
from mmuldor.datasets.transforms.resize_to_spacing import ResizeToSpacing
from mmuldor.datasets.transforms.slice_offset import SliceOffset
from mmuldor.datasets.transforms.window_hu import WindowHU

__all__ = [
    'AddHardNegatives',
    'CopyPasteLesions',
    'CropToBody',
    'LoadCTSlices',
    'RandomResizeToSpacing',
    'RandomSlice',
    'RandomWindowHU',
    'RecistToMask',
    'ResizeToSpacing',
    'SliceOffset',
    'WindowHU',
]
