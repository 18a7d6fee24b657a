"""The dataset below a data loader's wrappers."""

from __future__ import annotations

from mmengine.dataset import BaseDataset

from mmuldor.mining.protocols import MiningDataset


def unwrapped_dataset(dataset: BaseDataset) -> BaseDataset:
    """The dataset below RepeatDataset, Subset and the like.

    MMEngine's, mmdet's and torch's wrappers have no class in common, but all
    keep what they wrap as ``dataset``.
    """
    while (inner := getattr(dataset, 'dataset', None)) is not None:
        dataset = inner
    return dataset


def mining_dataset(dataset: BaseDataset) -> MiningDataset:
    """The one dataset below wrappers whose negatives can be mined.

    Raises:
        ValueError: If there are several (ConcatDataset): their image ids may
            collide.
    """
    dataset = unwrapped_dataset(dataset)
    if not isinstance(dataset, MiningDataset):
        raise ValueError(
            'hard negative mining needs one `mmuldor.DeepLesionDataset`, but '
            f'got {type(dataset).__name__}.'
        )
    return dataset
