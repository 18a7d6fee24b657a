import numpy as np
import pytest

from mmuldor.datasets.samplers import BalancedSampler
from mmuldor.datasets.samplers.balanced_sampler import repeat_factors


class Images(list):
    """One image for each list of longer diameters, mm."""

    def get_data_info(self, index):
        return {
            # Half as wide as a pixel is high: 20 columns are 10 mm.
            'spacing_mm': [0.5, 1.0],
            'instances': [
                {
                    'recist_px': [0, 0, 2 * mm, 0, 0, 0, 0, mm / 2],
                    'ignore_flag': 0,
                    'lesion_type': {20: 5, 40: 1}.get(mm, -1),
                }
                for mm in self[index]
            ],
        }


# Eight images of 20 mm, two of 5 mm.
IMAGES = Images([[20]] * 8 + [[5]] * 2)


def draws(sampler, epochs):
    counts = np.zeros(len(sampler.dataset), dtype=int)
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        for index in sampler:
            counts[index] += 1
    return counts


def test_factors_of_groups():
    groups = [['a'], ['a'], ['a', 'b'], []]
    # a in 3 of 4 images, b in 1: (0.75 / 0.25) ** 0.5; the rarest counts.
    found = repeat_factors(groups, 0.75)
    np.testing.assert_allclose(found, [1, 1, 3**0.5, 1])
    np.testing.assert_allclose(repeat_factors(groups, 0.75, 1), [1, 1, 3, 1])
    assert repeat_factors(groups, 0.25).tolist() == [1, 1, 1, 1]
    assert repeat_factors(groups, 0.75, 0).tolist() == [1, 1, 1, 1]


def test_sizes_are_those_of_the_longer_diameter_in_mm():
    sampler = BalancedSampler(
        Images([[9.9], [10.1], [29.9, 8], [30.1]]), power=1
    )
    # Below 10 mm: 2 of 4 images; up to 30 mm: 2; above: 1.
    assert sampler.factors.tolist() == [1, 1, 1, 2]


def test_rare_images_come_as_often_as_their_factor_says():
    sampler = BalancedSampler(IMAGES, power=1.0, seed=3)
    assert sampler.factors.tolist() == [1] * 8 + [4] * 2
    counts = draws(sampler, 400)
    # Ten images an epoch, of which 4 / 16 a rare one: 2.5 places each.
    assert counts.sum() == 4000
    np.testing.assert_allclose(counts[8:] / 400, 2.5, atol=0.1)
    np.testing.assert_allclose(counts[:8] / 400, 0.625, atol=0.1)
    for epoch in range(20):
        sampler.set_epoch(epoch)
        found = list(sampler)
        assert {found.count(8), found.count(9)} <= {2, 3}


def test_without_balance_each_image_comes_once():
    sampler = BalancedSampler(IMAGES, power=0.0, seed=3)
    for epoch in range(5):
        sampler.set_epoch(epoch)
        assert sorted(sampler) == list(range(10))


def test_a_resumed_run_draws_the_same_and_repeats_differ():
    sampler = BalancedSampler(IMAGES, power=1.0, seed=3)
    sampler.set_epoch(7)
    found = list(sampler)
    again = BalancedSampler(IMAGES, power=1.0, seed=3)
    again.set_epoch(7)
    assert list(again) == found
    assert {(i.seed, i.epoch) for i in found} == {(3, 7)}
    positions = [index.position for index in found]
    assert len(set(positions)) == len(found) == len(sampler) == 10
    assert [p % 10 for p in positions] == found
    again.set_epoch(8)
    assert list(again) != found


def test_processes_share_an_epoch(monkeypatch):
    module = 'mmengine.dataset.sampler.get_dist_info'
    parts = []
    for rank in range(2):
        monkeypatch.setattr(module, lambda rank=rank: (rank, 2))
        sampler = BalancedSampler(IMAGES, power=1.0, seed=3)
        parts.append([index.position for index in sampler])
    assert [len(part) for part in parts] == [5, 5]
    whole = [p for pair in zip(*parts, strict=True) for p in pair]
    monkeypatch.setattr(module, lambda: (0, 1))
    alone = BalancedSampler(IMAGES, power=1.0, seed=3)
    assert [index.position for index in alone] == whole


def test_types():
    images = Images([[20], [20], [40], [5]])
    sampler = BalancedSampler(images, 'type', power=1)
    # Type 5 in two images, type 1 in one, and one lesion of unknown type.
    assert sampler.factors.tolist() == [1, 1, 2, 1]
    with pytest.raises(ValueError, match='none is known'):
        BalancedSampler(Images([[5], []]), by='type')


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        ({'by': 'colour'}, "'size' or 'type', but got 'colour'"),
        ({'threshold': 0}, 'threshold'),
        ({'threshold': 1.5}, 'threshold'),
        ({'power': -0.1}, 'power'),
        ({'power': 1.1}, 'power'),
    ],
)
def test_arguments_out_of_range_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        BalancedSampler(IMAGES, **kwargs)
