"""The number of images of each split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def split_counts(images: int, splits: Sequence[float]) -> tuple[int, ...]:
    """Images of train, val and test.

    Args:
        images: All of them.
        splits: Three shares that add up to 1, or three counts that add up to
            `images`.

    Raises:
        ValueError: If they do neither, or a split would be left empty.
    """
    splits = [float(v) for v in splits]
    if len(splits) != 3 or min(splits) < 0 or not np.isfinite(splits).all():
        raise ValueError(
            f'`splits` must be three numbers of 0 or more, but got {splits}.'
        )
    if abs(sum(splits) - images) < 1e-9 and all(v == int(v) for v in splits):
        return tuple(int(v) for v in splits)
    if abs(sum(splits) - 1) > 1e-6:
        raise ValueError(
            '`splits` must be shares that add up to 1 or counts that add up '
            f'to the number of images, {images}, but got {splits}.'
        )
    exact = np.array(splits) * images
    counts = np.floor(exact + 1e-9).astype(int)
    for k in np.argsort(counts - exact)[: images - counts.sum()]:
        counts[k] += 1
    for k in np.flatnonzero((counts == 0) & (exact > 0)):
        counts[counts.argmax()] -= 1
        counts[k] = 1
    if counts.min() < 0 or (counts[exact > 0] == 0).any():
        raise ValueError(
            f'`images` must be enough for one in each split, but got {images}.'
        )
    return tuple(int(v) for v in counts)
