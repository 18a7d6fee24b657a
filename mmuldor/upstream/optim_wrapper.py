"""The number of batches over which gradients are accumulated.

It is an argument of MMEngine's ``OptimWrapper``, stored in a private
attribute. Seen with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.optim import OptimWrapper


def accumulated_batches(wrapper: OptimWrapper) -> int:
    """Batches per optimiser step; 1 for wrappers without accumulation."""
    return getattr(wrapper, '_accumulative_counts', 1)
