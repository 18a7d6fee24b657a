"""Outputs of dense heads in float32, whatever precision computed them.

mmdet gives anchors and points the dtype of a head's outputs. bfloat16 has 8
bits: between 256 and 512 px it knows every second px. So proposals would be
rounded by 1 px on average in an image of 512 px, and batched NMS, which moves
the boxes of each level apart by hundreds of px, would compare boxes on a grid
of 4 to 16 px. Heads of the DETR family add reference points to their outputs
in place, in a frame of 0 to 1, where bfloat16 has steps of 1/256: 2 px of 512.
The scores of their encoders' proposals enter the matching's cost, whose 1e-12
is 0 in float16: the cost of a score of 1 would be infinite.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from mmdet.models.dense_heads import DETRHead
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from torch import Tensor, nn


def at_least_float32(value: Any) -> Any:
    """Nested tuples and lists with their floats in float32 or float64."""
    if isinstance(value, (tuple, list)):
        return type(value)(at_least_float32(part) for part in value)
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.to(torch.promote_types(value.dtype, torch.float32))
    return value


def exact_outputs(head: BaseDenseHead, *args: Any, **kwargs: Any) -> Any:
    """Call a head of anchors or points; its outputs are float32."""
    return at_least_float32(nn.Module.__call__(head, *args, **kwargs))


def exact_references(head: DETRHead, *args: Any, **kwargs: Any) -> Any:
    """Call a head of the DETR family, which computes in float32."""
    found = next((v for v in args if isinstance(v, Tensor)), None)
    device = 'cpu' if found is None else found.device.type
    # A model that was converted as a whole stays as it is.
    if not (
        torch.amp.is_autocast_available(device)
        and torch.is_autocast_enabled(device)
    ):
        return nn.Module.__call__(head, *args, **kwargs)
    with torch.autocast(device, enabled=False):
        args = at_least_float32(args)
        return nn.Module.__call__(head, *args, **at_least_float32(kwargs))


def exact_losses(loss: Callable) -> Callable:
    """A `loss` method of the DETR family that gets float32."""

    @functools.wraps(loss)
    def converted(head: DETRHead, *args: Any, **kwargs: Any) -> Any:
        kwargs = {k: at_least_float32(v) for k, v in kwargs.items()}
        return loss(head, *at_least_float32(args), **kwargs)

    return converted


def use_exact_head_outputs() -> None:
    """Apply these functions to all heads, mmdet's too."""
    BaseDenseHead.__call__ = exact_outputs
    DETRHead.__call__ = exact_references
    for head in (DETRHead, *_subclasses(DETRHead)):
        if 'loss' in vars(head):
            head.loss = exact_losses(head.loss)


def _subclasses(parent: type) -> Iterator[type]:
    children: list[type] = parent.__subclasses__()
    for child in children:
        yield child
        yield from _subclasses(child)
