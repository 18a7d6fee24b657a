"""What a GPU asks of the extension is what mmcv computes on a CPU."""

import torch
from mmcv.ops.multi_scale_deform_attn import (
    MultiScaleDeformableAttnFunction,
    multi_scale_deformable_attn_pytorch,
)

import mmuldor.registry  # noqa: F401

SHAPES = torch.tensor([[4, 6], [2, 3]])


def inputs():
    generator = torch.Generator().manual_seed(0)

    def rand(*size):
        values = torch.rand(*size, generator=generator, dtype=torch.float64)
        return values.requires_grad_()

    # Batch 2, 30 keys, 3 heads of 4 channels, 5 queries, 2 points a level.
    return rand(2, 30, 3, 4), rand(2, 5, 3, 2, 2, 2), rand(2, 5, 3, 2, 2)


def test_output_and_gradients():
    value, locations, weights = inputs()
    start = torch.tensor([0, 24])
    found = MultiScaleDeformableAttnFunction.apply(
        value, SHAPES, start, locations, weights, 64
    )
    others = inputs()
    expected = multi_scale_deformable_attn_pytorch(
        others[0], SHAPES, *others[1:]
    )
    torch.testing.assert_close(found, expected)
    assert found.shape == (2, 5, 12)
    found.square().sum().backward()
    expected.square().sum().backward()
    for tensor, other in zip((value, locations, weights), others, strict=True):
        assert other.grad.abs().sum() > 0
        torch.testing.assert_close(tensor.grad, other.grad)
