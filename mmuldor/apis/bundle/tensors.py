"""Weights as safetensors: tensors by name, and nothing that is run."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from mmuldor.engine.detection.weights import weights_of

_DTYPES = (
    *(torch.float32, torch.float16, torch.bfloat16, torch.float64),
    *(torch.int64, torch.int32, torch.uint8, torch.bool),
)


def to_bytes(weights: Mapping[str, torch.Tensor]) -> bytes:
    """Weights as the content of a file; the same give the same bytes."""
    # Tensors that share memory would be refused.
    return save({name: value.clone() for name, value in weights.items()})


def from_bytes(content: bytes) -> dict[str, torch.Tensor]:
    """The weights in such a content.

    Raises:
        ValueError: If it is none, or a tensor has another dtype, NaN or inf.
    """
    try:
        found = load(content)
    # Of headers that are no JSON, unknown dtypes, shapes beyond the data.
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f'it must be a safetensors file, but {error or type(error)}'
        ) from error
    for name, value in found.items():
        if value.dtype not in _DTYPES:
            raise ValueError(
                f'`{name[:80]}` must be numbers that a network has, but is of '
                f'{value.dtype}'
            )
    return weights_of(found)
