import pytest
import torch

from mmuldor.models import AlignShift
from mmuldor.models.context_backbone import channels_last


def shifted(interval_mm, fold=4, **kwargs):
    """Three slices of 10, 20, 30 in each of four channels, shifted."""
    slices = torch.tensor([10.0, 20.0, 30.0]).view(1, 3, 1, 1, 1)
    module = AlignShift(4, 3, fold=fold, **kwargs)
    found = module(slices.expand(1, 3, 4, 1, 1), torch.tensor([interval_mm]))
    assert found.shape == (1, 3, 4, 1, 1)
    # Rows are channels, columns slices.
    return found[0, :, :, 0, 0].T.tolist()


def test_at_the_reference_it_is_the_shift_of_tsm():
    still = [10, 20, 30]
    assert shifted(2.0) == [[20, 30, 30], [10, 10, 20], still, still]
    # Closer slices: no more than to the neighbour.
    assert shifted(1.0) == shifted(2.0)


def test_between_slices_it_interpolates():
    # 2 mm of 5 mm: 0.6 own + 0.4 neighbour.
    to_next, to_previous, still, _ = shifted(5.0)
    assert to_next == pytest.approx([14, 24, 30])
    assert to_previous == pytest.approx([10, 16, 26])
    assert still == [10, 20, 30]
    assert shifted(10.0, reference_mm=5.0)[0] == [15, 25, 30]


def test_far_apart_nothing_moves():
    for channel in shifted(2e6):
        assert channel == pytest.approx([10, 20, 30], abs=1e-4)


def test_a_part_of_the_channels_moves():
    x = torch.rand(1, 3, 17, 2, 2)
    moved = AlignShift(17, 3)(x, torch.tensor([2.0])) != x
    # 17 // 8 = 2 channels in each direction.
    assert moved.any(dim=4).any(dim=3).any(dim=1).sum() == 4


def test_each_image_has_its_own_interval():
    x = torch.rand(2, 3, 8, 2, 2)
    module = AlignShift(8, 3)
    both = module(x, torch.tensor([2.0, 5.0]))
    for n, interval in enumerate((2.0, 5.0)):
        alone = module(x[n : n + 1], torch.tensor([interval]))
        torch.testing.assert_close(both[n : n + 1], alone)


def test_maps_stay_channels_last():
    x = torch.rand(6, 8, 4, 5).to(memory_format=torch.channels_last)
    x.requires_grad_()
    module = AlignShift(8, 3)
    intervals = torch.tensor([2.0, 5.0])
    moved = module(x.unflatten(0, (2, 3)), intervals)
    assert channels_last(moved)
    plain = x.detach().contiguous().requires_grad_()
    expected = module(plain.unflatten(0, (2, 3)), intervals)
    assert not channels_last(expected)
    torch.testing.assert_close(moved, expected, rtol=0, atol=0)
    weights = torch.rand(2, 3, 8, 4, 5)
    (moved * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(x.grad, plain.grad)


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        ({'reference_mm': 0.0}, r'`reference_mm`.*got 0'),
        ({'fold': 1}, r'`fold`.*got 1'),
    ],
)
def test_wrong_values(kwargs, match):
    with pytest.raises(ValueError, match=match):
        AlignShift(8, 3, **kwargs)
