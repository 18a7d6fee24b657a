"""Images of rare lesions come more often."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np

from mmuldor.datasets.samplers.epoch_sampler import EpochIndex, EpochSampler
from mmuldor.functional.diameters import SIZES_MM, long_diameters_mm
from mmuldor.functional.seeds import mixed_seed
from mmuldor.registry import DATA_SAMPLERS


def repeat_factors(
    groups: Sequence[Sequence[Hashable]],
    threshold: float | None = None,
    power: float = 0.5,
) -> np.ndarray:
    """How often each image is wanted in an epoch.

    The factor of a group is ``max(1, (threshold / f) ** power)``, where ``f``
    is the share of images that hold it; that of an image is the largest of
    its groups. Gupta et al., LVIS, CVPR 2019, section 4.3, where ``power`` is
    1/2.

    Args:
        groups: Groups of each image's lesions; an image without any counts
            once.
        threshold: Share of images from which on a group is not repeated; by
            default that of the most frequent group.
        power: 1 balances groups wholly, 0 not at all.

    Returns:
        Factors of at least 1, (n,) float64.
    """
    distinct = [set(of_image) for of_image in groups]
    counts: dict[Hashable, int] = {}
    for of_image in distinct:
        for group in of_image:
            counts[group] = counts.get(group, 0) + 1
    if threshold is None:
        threshold = max(counts.values(), default=1) / max(len(groups), 1)
    factor = {
        group: max(1.0, (threshold * len(groups) / count) ** power)
        for group, count in counts.items()
    }
    return np.array([max([1.0, *(factor[g] for g in of)]) for of in distinct])


@DATA_SAMPLERS.register_module()
class BalancedSampler(EpochSampler):
    """An `EpochSampler` that repeats images of rare sizes or types.

    An epoch has as many images as without it. Each image gets a place in
    proportion to its factor (:func:`repeat_factors`), by systematic sampling:
    its number of places is the product rounded down or up at random, so that
    even frequent images are left out of some epochs only. A resumed run draws
    the same images; repeats of one are augmented differently.

    Example:
        ``sampler=dict(type='mmuldor.BalancedSampler', by='size')``

    Args:
        dataset: A ``DeepLesionDataset``, alone or in a ``RepeatDataset``.
        by: 'size': longer diameters below 10 mm, up to 30 mm, and above;
            'type': DeepLesion's lesion types, which only annotations of the
            validation and test splits have.
        threshold: Share of images from which on a group is not repeated; by
            default that of the most frequent group.
        power: 1 balances groups wholly, 0 not at all.
        **kwargs: As for :class:`EpochSampler`: ``seed``, ``seed_draws``, ...

    Raises:
        ValueError: If an argument is out of range, or ``by`` is 'type' and no
            type is known.
    """

    def __init__(
        self,
        dataset,
        by: str = 'size',
        threshold: float | None = None,
        power: float = 0.5,
        **kwargs,
    ) -> None:
        super().__init__(dataset, **kwargs)
        if by not in ('size', 'type'):
            raise ValueError(f"`by` must be 'size' or 'type', but got {by!r}.")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(
                f'`threshold` must be in (0, 1], but got {threshold}.'
            )
        if not 0 <= power <= 1:
            raise ValueError(f'`power` must be in [0, 1], but got {power}.')
        infos = map(dataset.get_data_info, range(len(dataset)))
        groups = [_groups(info, by) for info in infos]
        if by == 'type' and not any(groups):
            raise ValueError(
                "`by='type'` needs lesions of a known type, but none is "
                "known. Use `by='size'`."
            )
        self.factors = repeat_factors(groups, threshold, power)

    def __iter__(self) -> Iterator[EpochIndex]:
        seed = self.seed if self.seed_draws else None
        size, count = len(self.dataset), self.total_size
        # Not the samplers' own stream, which orders the images below.
        rng = np.random.default_rng(mixed_seed(self.seed, self.epoch))
        order = rng.permutation(size) if self.shuffle else np.arange(size)
        ends = np.cumsum(self.factors[order]) * count / self.factors.sum()
        # Places at a random start, one apart: the image whose part of the
        # line of `count` they fall into.
        places = np.arange(count) + rng.random()
        drawn = order[np.minimum(np.searchsorted(ends, places), size - 1)]
        if self.shuffle:
            drawn = rng.permutation(drawn)
        repeats = np.zeros(size, dtype=np.int64)
        for number, index in enumerate(drawn.tolist()):
            position = index + size * int(repeats[index])
            repeats[index] += 1
            if number % self.world_size == self.rank:
                yield EpochIndex(index, seed, self.epoch, position)


def _groups(info: Mapping, by: str) -> list[Hashable]:
    """Groups of an image's lesions; ignored regions have none."""
    lesions = [i for i in info['instances'] if not i['ignore_flag']]
    if by == 'type':
        # -1 is unknown, which is no group.
        types = [lesion['lesion_type'] for lesion in lesions]
        return [number for number in types if number > 0]
    ends = [lesion['recist_px'] for lesion in lesions]
    longer_mm = long_diameters_mm(
        np.reshape(ends, (-1, 8)), info['spacing_mm']
    )
    return np.digitize(longer_mm, SIZES_MM).tolist()
