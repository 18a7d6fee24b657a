import pickle

import numpy as np
import pytest
from mmengine.dataset import DefaultSampler
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from torch.utils.data import ConcatDataset, Dataset

from mmuldor.datasets import EpochIndex, EpochSampler


def test_an_index_is_an_int_with_two_facts_more():
    index = EpochIndex(5, seed=3, epoch=2)
    assert index == 5
    assert range(9)[index] == 5
    copy = pickle.loads(pickle.dumps(index))
    assert (copy, copy.seed, copy.epoch) == (5, 3, 2)


def test_in_joined_datasets_an_index_keeps_its_facts():
    class Facts(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return int(index), index.seed, index.epoch, index.position

    joined = ConcatDataset([Facts(), Facts()])
    assert joined[EpochIndex(1, 3, 2)] == (1, 3, 2, 1)
    assert joined[EpochIndex(4, 3, 2)] == (1, 3, 2, 4)


def test_in_a_repeated_dataset_an_index_keeps_its_facts():
    index = EpochIndex(12, seed=3, epoch=2) % 5
    assert (index, index.seed, index.epoch) == (2, 3, 2)
    assert index.position == 12
    copy = pickle.loads(pickle.dumps(index))
    assert (copy, copy.seed, copy.epoch, copy.position) == (2, 3, 2, 12)
    # An image that comes twice is not drawn for in the same way.
    index.seed_generators()
    first = np.random.random()
    EpochIndex(2, 3, 2).seed_generators()
    assert np.random.random() != first


def test_draws_can_be_left_to_mmengine():
    sampler = EpochSampler(range(7), shuffle=True, seed=1, seed_draws=False)
    plain = DefaultSampler(range(7), shuffle=True, seed=1)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        plain.set_epoch(epoch)
        found = list(sampler)
        assert found == list(plain)
        assert {index.epoch for index in found} == {epoch}
    np.random.seed(5)
    state = np.random.get_state()[1].tolist()
    found[0].seed_generators()
    assert np.random.get_state()[1].tolist() == state


def test_order_and_facts_of_a_sampler():
    sampler = EpochSampler(range(7), shuffle=True, seed=1)
    sampler.set_epoch(4)
    found = list(sampler)
    assert sorted(found) == list(range(7))
    assert {(index.seed, index.epoch) for index in found} == {(1, 4)}


def test_draws_depend_on_seed_epoch_and_index():
    draws = set()
    for facts in ((1, 1, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2)):
        EpochIndex(*facts).seed_generators()
        first = np.random.random()
        EpochIndex(*facts).seed_generators()
        assert np.random.random() == first
        draws.add(first)
    assert len(draws) == 4


def flips(config, workers):
    """Which images are flipped, by epoch."""
    init_default_scope('mmdet')
    loader = dict(config.train_dataloader)
    loader.update(num_workers=workers, persistent_workers=workers > 0)
    loader = Runner.build_dataloader(loader, seed=0)
    found = {}
    for epoch in range(4):
        loader.batch_sampler.sampler.set_epoch(epoch)
        found[epoch] = {
            sample.img_id: sample.flip
            for batch in loader
            for sample in batch['data_samples']
        }
    return found


@pytest.mark.parametrize('workers', [1, 2])
def test_flips_are_the_same_with_any_number_of_workers(mini_config, workers):
    alone = flips(mini_config, 0)
    assert flips(mini_config, workers) == alone
    assert len({tuple(sorted(epoch.items())) for epoch in alone.values()}) > 1
