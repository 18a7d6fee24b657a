"""Types of arrays; checks of ids and scores that name the first wrong row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# An array of any numeric dtype.
Numbers = NDArray[Any]

# For `descending_order`: bits of half a word, and masks of its halves.
_HALF, _LOW_HALF = np.uint64(32), np.uint64(2**32 - 1)
_SIGN, _ALL_BUT_SIGN = np.uint64(1 << 63), np.int64(2**63 - 1)


def check_ids(ids: ArrayLike, count: int, name: str) -> Ints:
    """Integer ids as an int64 array of shape (count,).

    Args:
        ids: (count,) integers.
        count: The required number of ids.
        name: Name of `ids` in error messages.

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is not (count,).
    """
    ids = _flat(ids, count, name, 'iu', 'integers')
    return ids.astype(np.int64, copy=False)


def check_images(images: ArrayLike) -> Ints:
    """Unique image ids as an int64 array of shape (k,).

    Raises:
        TypeError: If they are not integers.
        ValueError: If an id occurs twice, or the array is not 1-D.
    """
    images = check_ids(images, np.asarray(images).size, 'images')
    ids, counts = np.unique(images, return_counts=True)
    if len(ids) < len(images):
        repeated = np.argmax(counts > 1)
        raise ValueError(
            f'`images` must name each image once, but id {ids[repeated]} '
            f'occurs {counts[repeated]} times.'
        )
    return images


def find_ids(ids: ArrayLike, count: int, known: Ints, name: str) -> Ints:
    """The position of each id in `known`: (count,) int.

    Args:
        ids: (count,) integers.
        count: The required number of ids.
        known: Unique ids, (k,) int64, in any order.
        name: Name of `ids` in error messages.

    Raises:
        TypeError: If they are not integers.
        ValueError: If the shape is not (count,) or an id is not in `known`;
            the message names the first such id.
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
    """The position of each id in `known`, (n,) int64; -1 if it is absent."""
    high = int(known.max(initial=-1))
    if known.min(initial=0) >= 0 and high < 16 * len(known):
        # Ids in most files are small. A lookup table is then ten times as
        # fast as a search. Its last entry, -1, serves all unknown ids.
        table = np.full(high + 2, -1, dtype=np.int64)
        table[known] = np.arange(len(known))
        looked_up: Ints = table[np.clip(ids, -1, high + 1)]
        return looked_up
    order = np.argsort(known, kind='stable')
    at = np.searchsorted(known, ids, sorter=order)
    positions: Ints = order[np.minimum(at, len(known) - 1, out=at)]
    positions[known[positions] != ids] = -1
    return positions


def check_scores(scores: ArrayLike, count: int, name: str) -> Floats:
    """Finite scores as a float64 array of shape (count,).

    Args:
        scores: (count,) numbers.
        count: The required number of scores.
        name: Name of `scores` in error messages.

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is not (count,) or a score is not finite; the
            message names the first such score.
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

    Args:
        values: (n, columns) numbers; the dtype is not changed.
        columns: The required number of columns.
        name: Name of `values` in error messages.

    Raises:
        TypeError: If they are not numbers.
        ValueError: If the shape is not (n, columns).
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
    values: ArrayLike, count: int, name: str, kinds: str, expected: str
) -> Numbers:
    """Values (count,) whose dtype is of one of NumPy's `kinds`."""
    values = np.asarray(values)
    # NumPy makes float64 of an empty list, so its dtype is not checked.
    if values.size and values.dtype.kind not in kinds:
        raise TypeError(
            f'`{name}` must be {expected}, but got {values.dtype}.'
        )
    if values.shape != (count,):
        raise ValueError(
            f'`{name}` must have the shape ({count},), but got {values.shape}.'
        )
    return values


def descending_order(values: Floats) -> Ints:
    """Indices that sort values in descending order, stable: (n,) int64.

    The same as `np.argsort(-values, kind='stable')`, but faster: sorting
    numbers is faster than sorting indices by their values. So this is a radix
    sort in two passes, first by the low and then by the high 32 bits of each
    value. The index fills the other 32 bits of the sorted 64-bit number.
    Arrays are reused, since newly allocated memory is slow.

    Args:
        values: (n,) float64 without NaN, fewer than 2**32.
    """
    # `-values` would make -0.0 of 0.0; here both zeros become 0.0.
    bits = (0.0 - values).view(np.int64)
    # As integers, negative floats sort in reverse: flip all but their sign.
    bits ^= (bits >> 63) & _ALL_BUT_SIGN
    keys, rows = bits.view(np.uint64), np.arange(len(values), dtype=np.uint64)
    keys ^= _SIGN
    by_low = _sorted_rows(keys << _HALF, rows)
    keys >>= _HALF
    by_high = _sorted_rows(keys[by_low] << _HALF, rows)
    return by_low[by_high]


def _sorted_rows(keys: NDArray[np.uint64], rows: NDArray[np.uint64]) -> Ints:
    """Rows sorted by `keys`, whose low 32 bits are 0; overwrites `keys`."""
    keys |= rows
    keys.sort()
    keys &= _LOW_HALF
    return keys.view(np.int64)


def check_vector(name: str, values: ArrayLike, length: int) -> Floats:
    """Finite values, one a box, as a float64 array of shape (length,).

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
