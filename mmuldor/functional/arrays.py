"""Types of arrays; checks of ids and scores that name the first wrong row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# Of any type of numbers.
Numbers = NDArray[Any]

_HALF, _LOW_HALF = np.uint64(32), np.uint64(2**32 - 1)
_SIGN, _ALL_BUT_SIGN = np.uint64(1 << 63), np.int64(2**63 - 1)


def check_ids(ids: ArrayLike, count: int, name: str) -> Ints:
    """Integer ids as an int64 array of shape (count,).

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is another.
    """
    ids = _flat(ids, count, name, 'iu', 'integers')
    return ids.astype(np.int64, copy=False)


def check_images(images: ArrayLike) -> Ints:
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


def find_ids(ids: ArrayLike, count: int, known: Ints, name: str) -> Ints:
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
    rows = _positions(ids, known)
    if rows.min(initial=0) < 0:
        index = int(np.argmax(rows < 0))
        raise ValueError(
            f'`{name}` must be ids in `images`, but entry {index} is '
            f'{ids[index]}.'
        )
    return rows


def _positions(ids: Ints, known: Ints) -> Ints:
    """Of each id in `known`, -1 where it is not there."""
    high = int(known.max(initial=-1))
    if known.min(initial=0) >= 0 and high < 16 * len(known):
        # Small ids, as most files have them: a table, its last entry for
        # all others, is ten times as fast as a search.
        table = np.full(high + 2, -1, dtype=np.int64)
        table[known] = np.arange(len(known))
        found: Ints = table[np.clip(ids, -1, high + 1)]
        return found
    order = np.argsort(known, kind='stable')
    at = np.searchsorted(known, ids, sorter=order)
    rows: Ints = order[np.minimum(at, len(known) - 1, out=at)]
    rows[known[rows] != ids] = -1
    return rows


def check_scores(scores: ArrayLike, count: int, name: str) -> Floats:
    """Finite scores as a float64 array of shape (count,).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another, or naming the first score that is
            not finite.
    """
    scores = _flat(scores, count, name, 'fiu', 'numbers')
    finite = np.isfinite(scores)
    if not finite.all():
        index = int(np.argmin(finite))
        raise ValueError(
            f'`{name}` must be finite, but score {index} is {scores[index]}.'
        )
    return scores.astype(np.float64, copy=False)


def check_rows(values: ArrayLike, columns: int, name: str) -> Numbers:
    """Numbers as an array (n, columns); an empty input gives (0, columns).

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is another.
    """
    values = np.asarray(values)
    if values.size == 0 and values.shape in ((0,), (0, columns)):
        return np.zeros((0, columns))
    if values.dtype.kind not in 'fiu':
        raise TypeError(f'`{name}` must be numbers, but got {values.dtype}.')
    if values.ndim != 2 or values.shape[1] != columns:
        raise ValueError(
            f'`{name}` must have the shape (n, {columns}), but got '
            f'{values.shape}.'
        )
    return values


def _flat(
    values: ArrayLike, count: int, name: str, kinds: str, what: str
) -> Numbers:
    """Values (count,) of one of the kinds of dtype; what they must be."""
    values = np.asarray(values)
    # An empty list is an array of floats.
    if values.size and values.dtype.kind not in kinds:
        raise TypeError(f'`{name}` must be {what}, but got {values.dtype}.')
    if values.shape != (count,):
        raise ValueError(
            f'`{name}` must have the shape ({count},), but got {values.shape}.'
        )
    return values


def falling_order(values: Floats) -> Ints:
    """Rows by falling value, equal ones as they came: (n,) int64.

    The same as `np.argsort(-values, kind='stable')`. Each half of a value's
    64 bits is sorted with the row beside it in one number, first the low
    half, then the high one: numbers are sorted faster than rows are by their
    numbers. Few arrays are made, since memory new to a process is slow.

    Args:
        values: (n,) float64 without NaN, fewer than 2**32.
    """
    # Not `-values`: both zeros become 0.0.
    bits = (0.0 - values).view(np.int64)
    # Bits of negative floats fall where the floats rise.
    bits ^= (bits >> 63) & _ALL_BUT_SIGN
    keys, rows = bits.view(np.uint64), np.arange(len(values), dtype=np.uint64)
    keys ^= _SIGN
    by_low = _sorted_rows(keys << _HALF, rows)
    keys >>= _HALF
    by_high = _sorted_rows(keys[by_low] << _HALF, rows)
    return by_low[by_high]


def _sorted_rows(keys: NDArray[np.uint64], rows: NDArray[np.uint64]) -> Ints:
    """The rows by their keys, whose low halves are 0; changes the keys."""
    keys |= rows
    keys.sort()
    keys &= _LOW_HALF
    return keys.view(np.int64)


def check_vector(name: str, values: ArrayLike, length: int) -> Floats:
    """Values (n,) as float64.

    Raises:
        ValueError: If they are not ``length`` finite numbers.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length,) or not np.isfinite(array).all():
        raise ValueError(
            f'`{name}` must be {length} finite numbers, one a box, but got '
            f'shape {array.shape}.'
        )
    return array
