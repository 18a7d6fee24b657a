"""Matrix units of the CPU, which torch tells by a private function.

Seen with torch 2.13, for ``>=2.4,<2.15``; absent from versions that do not
ask the CPU.
"""

from __future__ import annotations

import torch


def has_amx() -> bool:
    """Whether the CPU has AMX and torch would use it, if known."""
    return getattr(torch.cpu, '_is_amx_tile_supported', lambda: False)()
