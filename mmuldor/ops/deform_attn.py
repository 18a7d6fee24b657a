"""Multi-scale deformable attention in mmcv's own plain PyTorch.

mmcv takes that path on a CPU by itself; on a GPU it asks for a compiled
operator (Zhu et al., ICLR 2021, https://arxiv.org/abs/2010.04159).
"""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def ms_deform_attn_forward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    im2col_step: int,
) -> Tensor:
    """The attended values, (batch, queries, heads * channels).

    Args:
        value: (batch, keys, heads, channels), all levels side by side.
        value_spatial_shapes: (levels, 2) int64 height and width.
        value_level_start_index: (levels,); follows from the shapes.
        sampling_locations: (batch, queries, heads, levels, points, 2), x and
            y from 0 to 1.
        attention_weights: (batch, queries, heads, levels, points).
        im2col_step: Images at a time, of the compiled operator alone.
    """
    return _attend(
        value, value_spatial_shapes, sampling_locations, attention_weights
    )


def ms_deform_attn_backward(
    value: Tensor,
    value_spatial_shapes: Tensor,
    value_level_start_index: Tensor,
    sampling_locations: Tensor,
    attention_weights: Tensor,
    grad_output: Tensor,
    grad_value: Tensor,
    grad_sampling_loc: Tensor,
    grad_attn_weight: Tensor,
    im2col_step: int,
) -> None:
    """Add the gradients of the three inputs to the last three tensors."""
    inputs = [
        tensor.detach().requires_grad_()
        for tensor in (value, sampling_locations, attention_weights)
    ]
    with torch.enable_grad():
        output = _attend(inputs[0], value_spatial_shapes, *inputs[1:])
    found = torch.autograd.grad(output, inputs, grad_output)
    for grad, values in zip(
        (grad_value, grad_sampling_loc, grad_attn_weight), found, strict=True
    ):
        grad += values


def _attend(value, shapes, locations, weights) -> Tensor:
    # While mmcv is imported, it imports this package.
    from mmcv.ops.multi_scale_deform_attn import (
        multi_scale_deformable_attn_pytorch,
    )

    # The sizes are needed on the host, once and not level by level.
    return multi_scale_deformable_attn_pytorch(
        value, shapes.cpu(), locations, weights
    )
