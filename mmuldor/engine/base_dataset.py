"""The dataset inside wrappers like RepeatDataset."""

from __future__ import annotations

from mmengine.dataset import BaseDataset

from mmuldor.mining.protocols import MiningDataset


def unwrapped_dataset(dataset: BaseDataset) -> BaseDataset:
    """The dataset inside RepeatDataset, Subset and similar wrappers.

    The wrappers of MMEngine, mmdet and torch have no common base class, but
    all have the wrapped dataset as their attribute ``dataset``.
    """
    while (inner := getattr(dataset, 'dataset', None)) is not None:
        dataset = inner
    return dataset


def mining_dataset(dataset: BaseDataset) -> MiningDataset:
    """The dataset inside wrappers, if its negatives can be mined.

    Raises:
        ValueError: If it cannot be mined. Several datasets (ConcatDataset)
            cannot, since their image ids may collide.
    """
    dataset = unwrapped_dataset(dataset)
    if not isinstance(dataset, MiningDataset):
        raise ValueError(
            'hard negative mining needs one `mmuldor.DeepLesionDataset`, but '
            f'got {type(dataset).__name__}.'
        )
    return dataset
