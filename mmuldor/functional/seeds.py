"""One seed from several numbers."""

from __future__ import annotations

import numpy as np


def mixed_seed(*numbers: int) -> int:
    """A seed that depends on all numbers and their order.

    NumPy's SeedSequence, so that neighbouring numbers give streams that have
    nothing to do with each other.

    Args:
        *numbers: 0 or more.

    Returns:
        0 to 2**32 - 1, as NumPy, torch and Python take it.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
