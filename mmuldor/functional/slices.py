"""Which stored slices a multi-slice input is made of."""

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
    """Slice numbers around the key slice, none beyond the range's ends.

    Args:
        key_slice: Number of the slice in the middle.
        slice_range: First and last number that the series has there.
        num_slices: How many, odd.
        step: Distance between them in stored slices; fractional positions are
            interpolated.
    """
    low, high = slice_range
    half = num_slices // 2
    wanted = (key_slice + step * k for k in range(-half, half + 1))
    return [min(max(position, low), high) for position in wanted]


def stored_numbers(positions: Iterable[float]) -> set[int]:
    """Numbers of the stored slices on both sides of each position."""
    return {
        number
        for position in positions
        for number in (math.floor(position), math.ceil(position))
    }


def toward_key(
    number: int, key_slice: int, exists: Callable[[int], bool]
) -> list[int]:
    """Numbers to look at where slices are missing, the last one exists.

    The nearest slice on the way to the key slice stands in for a missing one;
    the key slice ends the way whether it exists or not.
    """
    way = [number]
    while number != key_slice and not exists(number):
        number += 1 if number < key_slice else -1
        way.append(number)
    return way


def slice_name(key_name: str, key_slice: int, number: int) -> str:
    """Name of another slice of a key slice's series.

    ``('000001_01_01/109.png', 109, 8)`` -> ``'000001_01_01/008.png'``, as in
    DeepLesion; the key slice keeps its own name whatever that is.
    """
    if number == key_slice:
        return key_name
    return osp.join(osp.dirname(key_name), f'{number:03d}.png')


def consecutive_runs(numbers: Iterable[int]) -> list[list[int]]:
    """Splits ascending numbers where one is missing."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def ranges_text(numbers: Iterable[int], digits: int = 1) -> str:
    """``'3-5, 7'`` of ascending numbers."""
    return ', '.join(
        '-'.join(f'{number:0{digits}d}' for number in sorted({r[0], r[-1]}))
        for r in consecutive_runs(numbers)
    )
