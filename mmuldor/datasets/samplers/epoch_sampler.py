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
        seed: Seed of the run; None leaves the random generators alone.
        epoch: Epoch, from 0.
        position: The index that the sampler gave, where a wrapper such as
            RepeatDataset or ConcatDataset made another one of it.
    """

    seed: int | None
    epoch: int
    position: int

    def __new__(
        cls,
        index: int,
        seed: int | None,
        epoch: int,
        position: int | None = None,
    ) -> EpochIndex:
        """An int with the attributes ``seed``, ``epoch`` and ``position``."""
        self = super().__new__(cls, index)
        self.seed, self.epoch = seed, epoch
        self.position = index if position is None else position
        return self

    def __reduce__(self) -> tuple:
        return EpochIndex, (int(self), self.seed, self.epoch, self.position)

    def __mod__(self, length: int) -> EpochIndex:
        """The index in a repeated dataset, with the same attributes."""
        return self._elsewhere(int(self) % length)

    def __sub__(self, start: int) -> EpochIndex:
        """The index in one of joined datasets, with the same attributes."""
        return self._elsewhere(int(self) - start)

    def _elsewhere(self, index: int) -> EpochIndex:
        return EpochIndex(index, self.seed, self.epoch, self.position)

    def seed_generators(self) -> None:
        """Seed Python's, NumPy's and torch's, by seed, epoch and position."""
        if self.seed is not None:
            seed = mixed_seed(self.seed, self.epoch, self.position)
            set_random_seed(seed)


@DATA_SAMPLERS.register_module()
class EpochSampler(DefaultSampler):
    """MMEngine's sampler, whose indices carry seed and epoch.

    With it, the random numbers of a pipeline depend on (seed, epoch, image)
    alone, not on earlier draws of a worker or on the number of workers. So a
    resumed run draws the same numbers.

    Example:
        ``sampler=dict(type='mmuldor.EpochSampler', shuffle=True)``

    Args:
        *args: As for MMEngine's ``DefaultSampler``.
        seed_draws: False leaves the generators alone, as MMEngine does:
            indices then carry the epoch only.
        **kwargs: As for MMEngine's ``DefaultSampler``.
    """

    def __init__(self, *args, seed_draws: bool = True, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.seed_draws = seed_draws

    def __iter__(self) -> Iterator[EpochIndex]:
        seed = self.seed if self.seed_draws else None
        for index in super().__iter__():
            yield EpochIndex(index, seed, self.epoch)
