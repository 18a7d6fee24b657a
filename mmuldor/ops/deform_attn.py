"""Multi-scale deformable attention by mmcv's implementation in PyTorch.

mmcv uses that implementation on a CPU, but a compiled operator on a GPU (Zhu
et al., ICLR 2021, https://arxiv.org/abs/2010.04159).
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
        value: (batch, keys, heads, channels) float, the levels concatenated
            along the keys.
        value_spatial_shapes: (levels, 2) int64 height and width.
        value_level_start_index: (levels,); not used here, since it follows
            from the shapes.
        sampling_locations: (batch, queries, heads, levels, points, 2), x and
            y in [0, 1] from the outer edges of the map.
        attention_weights: (batch, queries, heads, levels, points).
        im2col_step: Not used; a setting of the compiled operator.
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
    """Add the gradients of the three inputs to the ``grad_*`` tensors.

    The inputs are those of :func:`ms_deform_attn_forward`; ``grad_output`` has
    the shape of its result, each other gradient that of its input.
    """
    inputs = [
        tensor.detach().requires_grad_()
        for tensor in (value, sampling_locations, attention_weights)
    ]
    with torch.enable_grad():
        output = _attend(inputs[0], value_spatial_shapes, *inputs[1:])
    outputs = (grad_value, grad_sampling_loc, grad_attn_weight)
    gradients = torch.autograd.grad(output, inputs, grad_output)
    for grad, gradient in zip(outputs, gradients, strict=True):
        grad += gradient


def _attend(value, shapes, locations, weights) -> Tensor:
    # Imported here, since mmcv imports this package while it is imported.
    from mmcv.ops.multi_scale_deform_attn import (
        multi_scale_deformable_attn_pytorch,
    )

    # One copy to the host instead of one a level.
    return multi_scale_deformable_attn_pytorch(
        value, shapes.cpu(), locations, weights
    )
