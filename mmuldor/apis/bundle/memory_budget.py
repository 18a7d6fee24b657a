"""A limit of what the building of a model may allocate.

A config of a few bytes can ask for a network of any size. Its weights cannot:
a bundle states them whole. So a model that is built for given weights may need
a few times their memory, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from mmuldor.upstream.torch_dispatch import (
    LightDispatchMode,
    is_mutable,
    tree_leaves,
    tree_map,
)

# Shipped models need 1.00 to 1.03 times their weights; some copy layers, or
# have tables of positions and anchors.
_FACTOR, _ALLOWANCE = 8, 2**28
# ResNet-152 with FPN and masks needs 2,090, DINO 1,709.
_MAX_OPERATORS = 10_000


class MemoryBudget(LightDispatchMode):
    """Within this context torch allocates a few times what weights need.

    The result of each operator is foreseen by torch's 'meta' device, which
    knows sizes and has no memory. Views count as if they were copies.

    Args:
        weights: The weights of the model that is built.
    """

    def __init__(self, weights: Iterable[torch.Tensor]) -> None:
        super().__init__()
        self._weights = sum(w.numel() * w.element_size() for w in weights)
        self._left = _FACTOR * self._weights + _ALLOWANCE
        self._operators = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operator if its result fits.

        Raises:
            ValueError: If it does not.
        """
        kwargs, self._operators = kwargs or {}, self._operators + 1
        if not is_mutable(func):
            self._left -= _bytes_of(func, args, kwargs)
        if self._left < 0 or self._operators > _MAX_OPERATORS:
            raise ValueError(
                'the model must need about as much memory as its weights, '
                f'{self._weights:,} bytes, but needs far more. A size in the '
                'config is wrong'
            )
        return func(*args, **kwargs)


def _bytes_of(func: Any, args: Any, kwargs: dict) -> int:
    """Bytes of an operator's result, without running it."""
    if 'device' in kwargs or not any(
        isinstance(leaf, torch.Tensor) for leaf in tree_leaves((args, kwargs))
    ):
        kwargs = {**kwargs, 'device': torch.device('meta')}
    try:
        found = func(*tree_map(_shadow, args), **tree_map(_shadow, kwargs))
    # Operators whose result depends on values; no larger than their input.
    except Exception:
        return 0
    return sum(
        leaf.numel() * leaf.element_size()
        for leaf in tree_leaves(found)
        if isinstance(leaf, torch.Tensor)
    )


def _shadow(value: Any) -> Any:
    """A tensor of the same shape without memory; others as they are."""
    if not isinstance(value, torch.Tensor):
        return value
    return torch.empty_strided(
        value.size(), value.stride(), dtype=value.dtype, device='meta'
    )
