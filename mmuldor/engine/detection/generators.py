"""Random generators that a step must leave as they were."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch


@contextlib.contextmanager
def generators_kept(devices: Sequence[int] = ()) -> Iterator[None]:
    """Restore Python's, NumPy's and torch's generators afterwards.

    Args:
        devices: GPUs whose generators are restored, too.
    """
    states = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
