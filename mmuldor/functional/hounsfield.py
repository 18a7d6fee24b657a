"""Stored 16-bit pixels, Hounsfield units (HU) and display windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmuldor.functional.arrays import Numbers

# DeepLesion stores HU + 32768 in unsigned 16 bits (DeepLesion's README).
STORED_OFFSET = 32768
# Values windowed at a time: 512 KiB of float32, which stay in the L2 cache.
_BLOCK = 1 << 17


def stored_to_hu(stored: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Convert stored pixels to Hounsfield units.

    Args:
        stored: Pixels as in DeepLesion's PNG files (HU + 32768), any shape,
            uint16.

    Returns:
        HU, same shape, float32, exact (integers below 2**24 are).

    Raises:
        TypeError: If ``stored`` is not uint16.
    """
    _check_stored(stored)
    return stored.astype(np.float32) - np.float32(STORED_OFFSET)


def stored_to_hu16(stored: NDArray[np.uint16]) -> NDArray[np.int16]:
    """Like :func:`stored_to_hu`, but int16, in a tenth of the time.

    The range of uint16 minus 32768 is that of int16, and the subtraction only
    flips the highest bit.
    """
    _check_stored(stored)
    return (stored ^ np.uint16(STORED_OFFSET)).view(np.int16)


def _check_stored(stored: object) -> None:
    if getattr(stored, 'dtype', None) != np.uint16:
        actual = getattr(stored, 'dtype', type(stored).__name__)
        raise TypeError(
            '`stored` must be a uint16 array (HU + 32768), but got '
            f'{actual}. Read slices with `mmuldor.io.png.read_png16`.'
        )


def hu_to_stored(hu: ArrayLike) -> NDArray[np.uint16]:
    """Convert Hounsfield units of any shape to stored pixels, uint16.

    Stored pixels are HU + 32768, rounded to the nearest integer (halves to
    the even one) and clipped to 16 bits.
    """
    stored = np.rint(np.asarray(hu, dtype=np.float64)) + STORED_OFFSET
    return np.clip(stored, 0, 65535).astype(np.uint16)


def window_hu(
    hu: Numbers,
    low: float,
    high: float,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Map the window ``[low, high]`` HU linearly to ``[0, 255]``.

    Args:
        hu: Hounsfield units, any shape and numeric dtype.
        low: HU that becomes 0, as do lower values.
        high: HU that becomes 255, as do higher values.
        out: Array for the result, float32 of the same shape; may be ``hu``
            itself. None allocates a new array, which takes longer.

    Returns:
        Grey values in [0, 255], same shape, float32.

    Raises:
        ValueError: If ``low`` is not smaller than ``high``.
    """
    if not low < high:
        raise ValueError(
            f'a window must go from low to high HU, but got [{low}, {high}].'
        )
    grey = np.empty(np.shape(hu), np.float32) if out is None else out
    source, target = np.atleast_1d(hu), np.atleast_1d(grey)
    step = max(_BLOCK * len(source) // max(source.size, 1), 1)
    for start in range(0, len(source), step):
        part = target[start : start + step]
        rows = source[start : start + step]
        np.subtract(rows, np.float32(low), out=part, dtype=np.float32)
        part *= np.float32(255.0 / (high - low))
        np.clip(part, 0, 255, out=part)
    return grey
