"""torchvision's compiled operators, where they are installed and load."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch

_NEEDED = ('nms', 'roi_align', '_roi_align_backward')


def torchvision_ops() -> Any | None:
    """Return ``torch.ops.torchvision``, or None where it cannot be used."""
    return None if _problem() else torch.ops.torchvision


def why_not() -> str:
    """Say in a few words why torchvision is not used ('' if it is)."""
    return _problem()


@lru_cache(maxsize=1)
def _problem() -> str:
    try:
        import torchvision
    except ModuleNotFoundError:
        return 'torchvision is not installed'
    except (ImportError, OSError, RuntimeError) as error:
        # A torchvision of another torch, or one built for CUDA beside a torch
        # for the CPU, fails with any of these.
        return f'torchvision does not load: {error}'
    if not all(hasattr(torch.ops.torchvision, name) for name in _NEEDED):
        return f'torchvision {torchvision.__version__} has no compiled ops'
    return ''
