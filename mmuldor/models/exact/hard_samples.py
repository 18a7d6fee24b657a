"""OHEM that trains the box head in mixed precision.

OHEM computes the losses of all RoIs without gradients, before the pass that is
trained. Autocast keeps its half-precision copies of weights. Those made
without gradients have no history, and torch, up to 2.9 at least, uses them
again (pytorch/pytorch#158232, mended by #165068): the box head got no
gradient, in silence.
"""

from __future__ import annotations

from typing import Any

import torch
from mmdet.models.task_modules import OHEMSampler
from torch import Tensor

_mine = OHEMSampler.hard_mining


def mine_and_forget(sampler: OHEMSampler, *args: Any, **kwargs: Any) -> Tensor:
    """Choose RoIs of high losses; autocast forgets its copies of weights."""
    chosen = _mine(sampler, *args, **kwargs)
    torch.clear_autocast_cache()
    return chosen


def use_forgetful_ohem() -> None:
    """Apply this to mmdet's sampler."""
    OHEMSampler.hard_mining = mine_and_forget
