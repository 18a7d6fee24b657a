"""Observe every operator that torch runs, for benchmarks and limits.

torch documents dispatch modes in its notes, but they are in private modules.
Operators that synchronise the host with the device have private names. Seen
with torch 2.13, for ``>=2.4,<2.15``.
"""

from __future__ import annotations

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

__all__ = [
    'INDEXING',
    'SYNCHRONIZING',
    'LightDispatchMode',
    'TorchDispatchMode',
    'is_mutable',
    'tree_leaves',
    'tree_map',
]


class LightDispatchMode(TorchDispatchMode):
    """A dispatch mode without ``torch._dynamo``, whose import takes seconds.

    torch switches its compiler off in modes, and imports it for that.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


_aten = torch.ops.aten
# Operators whose result has a size or value that the host must know.
SYNCHRONIZING = {
    _aten._local_scalar_dense.default,
    _aten.is_nonzero.default,
    _aten.equal.default,
    _aten.masked_select.default,
    _aten.nonzero.default,
    _aten.repeat_interleave.Tensor,
    _aten._unique2.default,
    _aten.unique_dim.default,
    _aten.unique_consecutive.default,
}
# Operators that synchronise only if the index is a mask.
INDEXING = {
    _aten.index.Tensor,
    _aten.index_put.default,
    _aten.index_put_.default,
    _aten._index_put_impl_.default,
}


def is_mutable(operator: torch._ops.OpOverload) -> bool:
    """Whether an operator writes into its arguments."""
    return operator._schema.is_mutable
