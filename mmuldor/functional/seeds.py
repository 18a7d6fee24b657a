"""One seed from several numbers."""

from __future__ import annotations

import numpy as np


def mixed_seed(*numbers: int) -> int:
    """A seed that depends on all numbers and their order.

    NumPy's SeedSequence mixes them, so that similar numbers give independent
    random streams.

    Args:
        *numbers: Non-negative integers.

    Returns:
        0 to 2**32 - 1, valid for NumPy, torch and Python.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
