"""The stored slices of a multi-slice input."""

from __future__ import annotations

import math
import os.path as osp
from collections.abc import Callable, Iterable


def slice_positions(
    key_slice: int,
    slice_range: tuple[int, int],
    num_slices: int,
    step: float = 1.0,
) -> list[float]:
    """Positions of the input slices around the key slice.

    Args:
        key_slice: Number of the slice in the middle.
        slice_range: First and last available slice number; positions outside
            are clamped to it.
        num_slices: Number of input slices, odd.
        step: Distance between input slices in stored slices.

    Returns:
        ``num_slices`` positions in stored slices, ascending. At fractional
        positions the caller interpolates.
    """
    low, high = slice_range
    half = num_slices // 2
    unclamped = (key_slice + step * k for k in range(-half, half + 1))
    return [min(max(position, low), high) for position in unclamped]


def stored_numbers(positions: Iterable[float]) -> set[int]:
    """Numbers of the stored slices just below and above each position."""
    return {
        number
        for position in positions
        for number in (math.floor(position), math.ceil(position))
    }


def toward_key(
    number: int, key_slice: int, exists: Callable[[int], bool]
) -> list[int]:
    """Slice numbers toward the key slice, up to the first that exists.

    The last number replaces ``number`` where that slice is missing. The
    search ends at the key slice, even if that does not exist.

    Args:
        number: Number of the slice to load.
        key_slice: Number of the key slice.
        exists: Whether the slice of a number exists.
    """
    numbers = [number]
    while number != key_slice and not exists(number):
        number += 1 if number < key_slice else -1
        numbers.append(number)
    return numbers


def slice_name(key_name: str, key_slice: int, number: int) -> str:
    """File name of a slice in the series of a key slice.

    ``('000001_01_01/109.png', 109, 8)`` -> ``'000001_01_01/008.png'``, as in
    DeepLesion. The key slice itself may have any name.
    """
    if number == key_slice:
        return key_name
    return osp.join(osp.dirname(key_name), f'{number:03d}.png')


def consecutive_runs(numbers: Iterable[int]) -> list[list[int]]:
    """Split ascending numbers into runs of consecutive numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def ranges_text(numbers: Iterable[int], digits: int = 1) -> str:
    """Ascending numbers as text, for example ``'3-5, 7'``."""
    return ', '.join(
        '-'.join(f'{n:0{digits}d}' for n in sorted({run[0], run[-1]}))
        for run in consecutive_runs(numbers)
    )
