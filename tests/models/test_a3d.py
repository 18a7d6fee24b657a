import pytest
import torch

from mmuldor.models import A3D
from mmuldor.models.context_backbone import channels_last


@pytest.mark.parametrize('num_slices', [3, 7, 9])
def test_without_noise_it_starts_as_nothing(num_slices):
    x = torch.rand(2, num_slices, 4, 3, 3)
    module = A3D(4, num_slices, noise=0.0)
    torch.testing.assert_close(module(x), x)
    assert module.weight.numel() == 4 * num_slices**2


def test_each_slice_has_its_own_weights_in_each_channel():
    module = A3D(2, 3, noise=0.0)
    # Channel 0: slice 0 gets slice 2, slice 1 gets 2 x slice 0 + slice 1.
    with torch.no_grad():
        module.weight[:, :, 0] = torch.tensor(
            [[0.0, 2.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]
        )
    slices = torch.tensor([10.0, 20.0, 30.0]).view(1, 3, 1, 1, 1)
    found = module(slices.expand(1, 3, 2, 1, 1))[0, :, :, 0, 0].T
    assert found.tolist() == [[30, 40, 30], [10, 20, 30]]


def test_maps_stay_channels_last():
    x = torch.rand(6, 4, 4, 5).to(memory_format=torch.channels_last)
    module = A3D(4, 3)
    fused = module(x.unflatten(0, (2, 3)))
    assert channels_last(fused)
    expected = module(x.contiguous().unflatten(0, (2, 3)))
    torch.testing.assert_close(fused, expected)


def test_the_noise_is_limited_and_drawn_anew():
    module = A3D(64, 3)
    before = module.weight.detach().clone()
    module.init_weights()
    assert not torch.equal(module.weight, before)
    noise = module.weight - torch.eye(3).unsqueeze(-1)
    assert 0.09 < noise.abs().max() <= 0.1


def test_negative_noise():
    with pytest.raises(ValueError, match=r'`noise`.*got -1'):
        A3D(4, 3, noise=-1)
