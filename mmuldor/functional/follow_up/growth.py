"""Growth of a lesion between two scans."""

from __future__ import annotations

import math
from typing import NamedTuple


class Growth(NamedTuple):
    """A change of one measurement.

    Attributes:
        difference: Follow-up minus baseline, in the unit of both.
        percent: Of the baseline; None if the baseline is 0.
    """

    difference: float
    percent: float | None


def growth(baseline: float | None, follow_up: float | None) -> Growth | None:
    """The change from one measurement to the other.

    Args:
        baseline: Length in mm or volume in ml, 0 or more; None if unknown.
        follow_up: Likewise.

    Returns:
        None if either is unknown.

    Raises:
        ValueError: If one is negative or not finite.
    """
    if baseline is None or follow_up is None:
        return None
    for value in (baseline, follow_up):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(
                'a measurement must be a finite number of 0 or more, but got '
                f'{value}.'
            )
    difference = follow_up - baseline
    percent = 100 * difference / baseline if baseline else None
    return Growth(difference, percent)
