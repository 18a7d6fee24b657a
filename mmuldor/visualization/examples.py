"""Which examples a figure shows: by a fixed rule and a seed."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def spread(values: Sequence[float], count: int, seed: int) -> list[int]:
    """Draw examples over the whole range of a value, small to large.

    The sorted values are cut into ``count`` parts of (nearly) equal number,
    and one is drawn from each.

    Args:
        values: One number for each candidate.
        count: How many to draw; all where there are fewer.
        seed: Of the draw.

    Returns:
        Indices by rising value.
    """
    order = np.argsort(np.asarray(values, dtype=np.float64), kind='stable')
    rng = np.random.default_rng(seed)
    parts = np.array_split(order, min(count, len(order)) or 1)
    return [int(rng.choice(part)) for part in parts if len(part)]


def rotate(
    groups: Sequence[Hashable],
    order: Sequence[Hashable],
    count: int,
    seed: int,
) -> list[int]:
    """Draw examples from several groups in turn.

    Args:
        groups: The group of each candidate.
        order: The turn in which groups are asked; one may come twice. A
            group that has run out is passed over.
        count: How many to draw.
        seed: Of the draw inside the groups.

    Returns:
        Indices in the order of their drawing.
    """
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    waiting = {
        group: [int(i) for i in shuffled if groups[i] == group]
        for group in order
    }
    chosen: list[int] = []
    while len(chosen) < count and any(waiting.values()):
        for group in order:
            if waiting[group] and len(chosen) < count:
                chosen.append(waiting[group].pop(0))
    return chosen
