"""Sample indices that know their epoch."""

from __future__ import annotations

from collections.abc import Iterator

from mmengine.dataset import DefaultSampler
from mmengine.runner.utils import set_random_seed

from mmuldor.functional.seeds import mixed_seed
from mmuldor.registry import DATA_SAMPLERS


class EpochIndex(int):
    """The index of a sample in one epoch of one run.

    An int for all who need no more. It reaches a worker through the loader's
    queue, persistent or not, which no setting of the data set does.

    Args:
        index: Of the sample.
        seed: Of the run.
        epoch: From 0.
    """

    def __new__(cls, index: int, seed: int, epoch: int) -> EpochIndex:
        """An int with two facts more."""
        made = super().__new__(cls, index)
        made.seed, made.epoch = seed, epoch
        return made

    def __reduce__(self) -> tuple:
        return EpochIndex, (int(self), self.seed, self.epoch)

    def seed_generators(self) -> None:
        """Seed Python's, NumPy's and torch's generators by all three."""
        set_random_seed(mixed_seed(self.seed, self.epoch, int(self)))


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's sampler, whose indices carry seed and epoch.

    With it, what a pipeline draws for an image depends on (seed, epoch,
    image) alone: not on what its worker drew before, nor on how many workers
    there are, so that a resumed run draws the same.

    Example:
        ``sampler=dict(type='mmuldor.EpochSampler', shuffle=True)``
    """

    def __iter__(self) -> Iterator[EpochIndex]:
        for index in super().__iter__():
            yield EpochIndex(index, self.seed, self.epoch)
