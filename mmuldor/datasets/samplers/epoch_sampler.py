"""Sample indices that carry seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.dataset import DefaultSampler
from mmengine.runner.utils import set_random_seed

from mmuldor.functional.seeds import mixed_seed
from mmuldor.registry import DATA_SAMPLERS


class EpochIndex(int):
    """The index of a sample in one epoch of one run.

    It is an int, so every dataset accepts it. It travels to workers in the
    loader's queue. Attributes of the dataset do not reach persistent workers.

    Args:
        index: Index of the sample.
        seed: Seed of the run.
        epoch: Epoch, from 0.
    """

    def __new__(cls, index: int, seed: int, epoch: int) -> EpochIndex:
        """An int with the attributes ``seed`` and ``epoch``."""
        self = super().__new__(cls, index)
        self.seed, self.epoch = seed, epoch
        return self

    def __reduce__(self) -> tuple:
        return EpochIndex, (int(self), self.seed, self.epoch)

    def seed_generators(self) -> None:
        """Seed Python's, NumPy's and torch's generators by all three."""
        set_random_seed(mixed_seed(self.seed, self.epoch, int(self)))


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's sampler, whose indices carry seed and epoch.

    With it, the random numbers of a pipeline depend on (seed, epoch, image)
    alone, not on earlier draws of a worker or on the number of workers. So a
    resumed run draws the same numbers.

    Example:
        ``sampler=dict(type='mmuldor.EpochSampler', shuffle=True)``
    """

    def __iter__(self) -> Iterator[EpochIndex]:
        for index in super().__iter__():
            yield EpochIndex(index, self.seed, self.epoch)
