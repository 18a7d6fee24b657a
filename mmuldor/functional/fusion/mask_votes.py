"""Fused masks as run lengths, without their pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.functional.arrays import Floats, Ints
from mmuldor.functional.fusion.groups import TINY

# Sums of weights that are equal but for rounding are equal.
_ROUNDING = 1e-9


def voted_runs(masks: Sequence[Ints], weights: Floats) -> Ints:
    """The pixels that lie in at least half of the masks, by weight.

    A vote keeps the shape that most detectors agree on, as the mean box does;
    of two masks it is the one of the higher weight, of equal ones the union.

    Args:
        masks: Run lengths of masks of one size, the first run outside, int64.
        weights: Weight of each mask, 0 or more, (n,) float64; all 0 means
            equal weights.

    Returns:
        Run lengths of the fused mask, int64.
    """
    if len(masks) == 1:
        return masks[0]
    weights = np.maximum(weights, TINY)
    # At every border of a mask its weight begins or ceases to count.
    borders = [np.cumsum(runs)[:-1] for runs in masks]
    signs = [
        weight * (1 - 2 * (np.arange(len(own)) % 2))
        for own, weight in zip(borders, weights, strict=True)
    ]
    places, inverse = np.unique(np.concatenate(borders), return_inverse=True)
    changes = np.bincount(inverse, np.concatenate(signs), len(places))
    half = weights.sum() * (0.5 - _ROUNDING)
    inside = np.cumsum(changes) >= half
    before = np.concatenate([[False], inside[:-1]])
    # Where a run begins or ends; the first run is outside.
    ends = places[inside != before]
    return np.diff(np.concatenate([[0], ends, [masks[0].sum()]]))
