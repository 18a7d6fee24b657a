"""Samplers."""

from mmuldor.datasets.samplers.epoch_sampler import EpochIndex, EpochSampler

__all__ = ['EpochIndex', 'EpochSampler']
