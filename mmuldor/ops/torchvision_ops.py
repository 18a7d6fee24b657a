"""torchvision's compiled operators, if they can be loaded."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

_NEEDED = ('nms', 'roi_align', '_roi_align_backward')


def torchvision_ops() -> Any | None:
    """Return ``torch.ops.torchvision``, or None if it cannot be used."""
    return None if _problem() else torch.ops.torchvision


def unavailable_reason() -> str:
    """Why torchvision's operators cannot be used, '' if they can."""
    return _problem()


@lru_cache(maxsize=1)
def _problem() -> str:
    try:
        import torchvision
    except ModuleNotFoundError:
        return 'torchvision is not installed'
    except (ImportError, OSError, RuntimeError) as error:
        # A torchvision for another version of torch, or one for CUDA beside a
        # torch for the CPU, raises any of these.
        return f'torchvision does not load: {error}'
    if not all(hasattr(torch.ops.torchvision, name) for name in _NEEDED):
        return f'torchvision {torchvision.__version__} has no compiled ops'
    return ''
