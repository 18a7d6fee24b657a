"""How far two scans lie apart along the body, by their profiles."""

from __future__ import annotations

import numpy as np

from mmuldor.functional.arrays import Floats

STEP_MM = 4.0
# At least so much of the shorter scan lies in the other, and at least so long.
COMMON_SHARE, COMMON_MM = 0.35, 40.0


def candidate_shifts(
    first: Floats,
    first_mm: Floats,
    second: Floats,
    second_mm: Floats,
    count: int = 3,
) -> list[float]:
    """Shifts along the body after which two scans look alike.

    Args:
        first: Profiles of the slices of the first scan, (n, k), as of
            :func:`mmuldor.functional.follow_up.grids.slice_profiles`.
        first_mm: Positions of these slices, rising, (n,).
        second: Profiles of the second scan, (m, k).
        second_mm: Positions of its slices, rising, (m,).
        count: Maximum number of shifts.

    Returns:
        mm to add to positions of the first scan, the best first; local
        optima at least 24 mm apart. Both middles together if no shift gives
        enough in common.
    """
    one, start = _even(first, first_mm)
    two, second_start = _even(second, second_mm)
    scale = np.concatenate([one, two]).std(axis=0) + 1e-6
    one, two = one / scale, two / scale
    shorter = min(len(one), len(two))
    least = min(max(COMMON_SHARE * shorter, COMMON_MM / STEP_MM), shorter)
    steps = np.arange(-len(one) + 1, len(two))
    costs = np.full(len(steps), np.inf)
    for k, step in enumerate(steps.tolist()):
        low, high = max(0, -step), min(len(one), len(two) - step)
        if high - low >= least:
            away = one[low:high] - two[low + step : high + step]
            # What is in common more is better, all else equal.
            costs[k] = np.abs(away).mean() * (1 + 0.3 / (high - low))
    found: list[float] = []
    for k in np.argsort(costs, kind='stable'):
        shift = float(second_start - start + steps[k] * STEP_MM)
        if not np.isfinite(costs[k]) or len(found) == count:
            break
        if all(abs(shift - other) >= 6 * STEP_MM for other in found):
            found.append(shift)
    middle = (second_mm.mean() - first_mm.mean()).item()
    return found or [middle]


def _even(profiles: Floats, positions_mm: Floats) -> tuple[Floats, float]:
    """Profiles at even steps, and the position of the first."""
    count = int((positions_mm[-1] - positions_mm[0]) / STEP_MM) + 1
    at = positions_mm[0] + np.arange(count) * STEP_MM
    columns = [
        np.interp(at, positions_mm, profiles[:, k])
        for k in range(profiles.shape[1])
    ]
    return np.stack(columns, axis=1), float(positions_mm[0])
