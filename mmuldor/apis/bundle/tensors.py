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

# Of the table of tensors at the begin of the file: names, shapes, places. DINO
# needs 60 kB. Each entry becomes an object, however small its tensor is.
_MAX_TABLE = 2**20
# Those of 3D convolutions have five; torch fails on more than 64 at any use.
_MAX_DIMENSIONS = 8


def to_bytes(weights: Mapping[str, torch.Tensor]) -> bytes:
    """Weights as the content of a file; the same give the same bytes."""
    # Tensors that share memory would be refused.
    return save({name: value.clone() for name, value in weights.items()})


def from_bytes(content: bytes) -> dict[str, torch.Tensor]:
    """The weights in such a content.

    Raises:
        ValueError: If it is none, or a tensor has another dtype, NaN, inf or
            more dimensions than a network's have.
    """
    table = int.from_bytes(content[:8], 'little')
    if table > _MAX_TABLE:
        raise ValueError(
            'it must be a safetensors file, but the table at its begin has '
            f'{table:,} bytes, more than {_MAX_TABLE:,}'
        )
    try:
        found = load(content)
    # Of headers that are no JSON, unknown dtypes, shapes beyond the data.
    except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f'it must be a safetensors file, but {error or type(error)}'
        ) from error
    for name, value in found.items():
        if value.dim() > _MAX_DIMENSIONS:
            raise ValueError(
                f'`{name[:80]}` must have at most {_MAX_DIMENSIONS} '
                f'dimensions, but has {value.dim()}'
            )
        if value.dtype not in _DTYPES:
            raise ValueError(
                f'`{name[:80]}` must be numbers that a network has, but is of '
                f'{value.dtype}'
            )
    return weights_of(found)
