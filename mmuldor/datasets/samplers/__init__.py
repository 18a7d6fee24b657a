"""Samplers."""

from mmuldor.datasets.samplers.aspect_batch_sampler import AspectBatchSampler
from mmuldor.datasets.samplers.balanced_sampler import BalancedSampler
from mmuldor.datasets.samplers.epoch_sampler import EpochIndex, EpochSampler

__all__ = [
    'AspectBatchSampler',
    'BalancedSampler',
    'EpochIndex',
    'EpochSampler',
]
