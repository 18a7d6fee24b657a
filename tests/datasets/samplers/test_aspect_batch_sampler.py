"""Batches of one aspect, of which every process has as many."""

from itertools import chain

import numpy as np
import pytest
from torch.utils.data import SequentialSampler

from mmuldor.datasets.samplers import AspectBatchSampler


class Images:
    """A dataset of upright and wide images."""

    def __init__(self, wide):
        self.wide = wide

    def __len__(self):
        return len(self.wide)

    def get_data_info(self, index):
        return {'width': 9 if self.wide[index] else 5, 'height': 7}


def sampler(wide, size, drop_last):
    images = SequentialSampler(Images(wide))
    images.dataset = images.data_source
    return AspectBatchSampler(images, size, drop_last)


@pytest.mark.parametrize('drop_last', [False, True])
def test_there_are_as_many_batches_as_the_length_says(drop_last):
    rng = np.random.default_rng(0)
    for _ in range(100):
        count, size = rng.integers(1, 30), int(rng.integers(1, 5))
        wide = rng.random(count) < 0.5
        batches = sampler(wide, size, drop_last)
        # Twice: nothing is left for the next epoch.
        for _ in range(2):
            found = list(batches)
            assert len(found) == len(batches)
            whole = count // size * size if drop_last else count
            assert len(set(chain(*found))) == whole
            for batch in found[:-2]:
                assert len({bool(wide[index]) for index in batch}) == 1


def test_a_full_rest_is_kept():
    assert list(sampler([True, False], 2, True)) == [[1, 0]]
    assert list(sampler([True, False, True, False], 3, True)) == [[1, 3, 0]]
