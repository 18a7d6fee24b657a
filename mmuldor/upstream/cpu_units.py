"""Matrix units of the CPU, which a private function of torch detects.

Seen with torch 2.13, for ``>=2.4,<2.15``; some of these versions do not have
the function.
"""

from __future__ import annotations

import torch


def has_amx() -> bool:
    """Whether the CPU has AMX and torch would use it; False if unknown."""
    return getattr(torch.cpu, '_is_amx_tile_supported', lambda: False)()
