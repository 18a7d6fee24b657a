import pytest
import torch

from mmuldor.models.pretrained.slice_kernels import (
    slice_state,
    stem_kernel,
    turn,
)

NAME = 'layer1.0.conv2.weight'


def in_ras(slices):
    """Slices (slice, row, column) of ours as a volume (Z, X, Y) in RAS.

    Ours run from the head, to the back and to the left; the volume's axes
    rise to the head, to the right and to the front.
    """
    return slices.flip(0, 1, 2).transpose(1, 2)


def from_ras(plane):
    """A plane (X, Y) in RAS as (row, column)."""
    return plane.transpose(-1, -2).flip(-2, -1)


def flat_kernel(weight, turned=False):
    """A kernel behind the stem, as it is in the state dict."""
    stem = torch.zeros(1, 3, 3, 7, 7)
    return slice_state({'conv1.weight': stem, NAME: weight}, turned)[NAME]


def test_kernels_are_summed_over_depth():
    weight = torch.zeros(1, 1, 3, 3, 3)
    weight[0, 0, :, 1, 1] = torch.tensor([1.0, 20.0, 300.0])
    expected = torch.zeros(1, 1, 3, 3)
    expected[0, 0, 1, 1] = 321
    assert torch.equal(flat_kernel(weight), expected)


def test_a_weight_to_the_right_and_front_is_found_there():
    weight = torch.zeros(1, 1, 1, 3, 3)
    # One step to the right (X) and none in Y: one column to the left.
    weight[0, 0, 0, 2, 1] = 5
    # One step to the front (Y): one row up.
    weight[0, 0, 0, 1, 2] = 7
    expected = torch.tensor([[0.0, 7, 0], [5, 0, 0], [0, 0, 0]])
    assert torch.equal(flat_kernel(weight, turned=True)[0, 0], expected)
    assert torch.equal(flat_kernel(weight)[0, 0], weight[0, 0, 0])


def test_the_stem_sums_its_copies_and_starts_at_the_head():
    weight = torch.zeros(1, 3, 3, 1, 1)
    # Planes from the feet to the head: 1 + 2 + 3, 40, 500.
    weight[0, :, 0, 0, 0] = torch.tensor([1.0, 2.0, 3.0])
    weight[0, 0, 1] = 40
    weight[0, 2, 2] = 500
    assert stem_kernel(weight).flatten().tolist() == [500, 40, 6]


def test_the_stem_answers_as_the_3d_one_on_three_different_slices():
    torch.manual_seed(0)
    weight, slices = torch.randn(4, 3, 3, 7, 7), torch.randn(3, 33, 29)
    volume = in_ras(slices).expand(1, 3, -1, -1, -1)
    expected = torch.conv3d(volume, weight, stride=(1, 2, 2), padding=3)
    # Padded by 3 in depth, the middle one of the 7 - 2 planes sees all three.
    kernel = turn(stem_kernel(weight))
    found = torch.conv2d(slices[None], kernel, None, 2, 3)
    middle = from_ras(expected[0, :, 3])
    torch.testing.assert_close(found[0], middle, rtol=1e-4, atol=1e-4)


def test_a_kernel_answers_as_the_3d_one_where_slices_are_alike():
    torch.manual_seed(0)
    weight, image = torch.randn(4, 2, 3, 3, 3), torch.randn(2, 17, 13)
    volume = torch.stack([in_ras(m.expand(3, -1, -1)) for m in image])
    expected = torch.conv3d(volume[None], weight, padding=(0, 1, 1))
    kernel = flat_kernel(weight, turned=True)
    found = torch.conv2d(image[None], kernel, padding=1)
    flat = from_ras(expected[0, :, 0])
    torch.testing.assert_close(found[0], flat, rtol=1e-4, atol=1e-4)


def test_other_tensors_are_kept_as_float32():
    state = {
        'conv1.weight': torch.rand(4, 3, 3, 7, 7),
        'bn1.bias': torch.tensor([0.5], dtype=torch.bfloat16),
        'bn1.num_batches_tracked': torch.tensor(7),
        NAME: torch.ones(2, 2, 3, 3, 3, dtype=torch.bfloat16),
    }
    found = slice_state(state)
    assert found['bn1.bias'].dtype == torch.float32
    assert found['bn1.bias'].item() == 0.5
    assert found['bn1.num_batches_tracked'].item() == 7
    assert torch.equal(found[NAME], torch.full((2, 2, 3, 3), 3.0))


@pytest.mark.parametrize('planes', [1, 5])
def test_a_stem_may_have_any_depth(planes):
    assert stem_kernel(torch.rand(4, 3, planes, 7, 7)).shape == (
        *(4, planes, 7, 7),
    )
