"""Checks of ids and scores that name the first wrong row."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def check_ids(ids: ArrayLike, count: int, name: str) -> np.ndarray:
    """Integer ids as an int64 array of shape (count,).

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is another.
    """
    ids = np.asarray(ids)
    # An empty list is an array of floats.
    if ids.size and ids.dtype.kind not in 'iu':
        raise TypeError(f'`{name}` must be integers, but got {ids.dtype}.')
    if ids.shape != (count,):
        raise ValueError(
            f'`{name}` must have the shape ({count},), but got {ids.shape}.'
        )
    return ids.astype(np.int64, copy=False)


def check_images(images: ArrayLike) -> np.ndarray:
    """Ids of images, each once, as an int64 array of shape (k,).

    Raises:
        TypeError: If they are not integers.
        ValueError: If an id occurs twice, or the array is not flat.
    """
    images = check_ids(images, np.asarray(images).size, 'images')
    ids, counts = np.unique(images, return_counts=True)
    if len(ids) < len(images):
        twice = np.argmax(counts > 1)
        raise ValueError(
            f'`images` must name each image once, but id {ids[twice]} occurs '
            f'{counts[twice]} times.'
        )
    return images


def find_ids(
    ids: ArrayLike, count: int, known: np.ndarray, name: str
) -> np.ndarray:
    """The position of each id in `known`: (count,) int.

    Args:
        ids: (count,) integers.
        count: The number of ids there must be.
        known: Unique ids, (k,) int64, in any order.
        name: What to call `ids` in an error.

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is another, or naming the first unknown id.
    """
    ids = check_ids(ids, count, name)
    order = np.argsort(known, kind='stable')
    # One past the last position: an id above all known ones.
    order = np.append(order, -1)
    rows = order[np.searchsorted(known, ids, sorter=order[:-1])]
    found = rows >= 0
    found[found] = known[rows[found]] == ids[found]
    if not found.all():
        index = int(np.argmin(found))
        raise ValueError(
            f'`{name}` must be ids in `images`, but entry {index} is '
            f'{ids[index]}.'
        )
    return rows


def check_scores(scores: ArrayLike, count: int, name: str) -> np.ndarray:
    """Finite scores as a float64 array of shape (count,).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another, or naming the first score that is
            not finite.
    """
    scores = np.asarray(scores)
    if scores.size and scores.dtype.kind not in 'fiu':
        raise TypeError(f'`{name}` must be numbers, but got {scores.dtype}.')
    if scores.shape != (count,):
        raise ValueError(
            f'`{name}` must have the shape ({count},), one a box, but got '
            f'{scores.shape}.'
        )
    finite = np.isfinite(scores)
    if not finite.all():
        index = int(np.argmin(finite))
        raise ValueError(
            f'`{name}` must be finite, but score {index} is {scores[index]}.'
        )
    return scores.astype(np.float64, copy=False)
