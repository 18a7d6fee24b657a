"""Over how many batches an optimiser wrapper accumulates gradients.

MMEngine keeps the number, an argument of its ``OptimWrapper``, in a private
attribute. Seen with onedl-mmengine 0.10.12, for ``>=0.10.12,<0.11``.
"""

from __future__ import annotations

from mmengine.optim import OptimWrapper


def accumulated_batches(wrapper: OptimWrapper) -> int:
    """Batches a step; 1 for wrappers that know no accumulation."""
    return getattr(wrapper, '_accumulative_counts', 1)
