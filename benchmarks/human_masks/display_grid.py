"""The display pixels on which readers clicked, as DL_info.csv shows them.

A click falls on a whole pixel k of the display. Where a slice of 512 px fills
N display pixels, coordinates from the image's edge are k * 512 / N, and the
remainder modulo 512 / N says what was added to them: 0 if nothing was, 1 if
the file counted from 1. Most rows were zoomed and moved, so their remainders
are spread evenly and cancel out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SIDE_PX = 512
# Whole slices on displays of one and two megapixels, and up to four times.
DISPLAY_PIXELS = range(SIDE_PX, 2401)


def remainder(
    values: np.ndarray, weights: np.ndarray, pixels: int
) -> tuple[float, float]:
    """The common remainder modulo a display pixel, and its strength.

    Args:
        values: Coordinates as the file has them, (n,) px.
        weights: (n,).
        pixels: Display pixels across the slice.

    Returns:
        The remainder in px, in (-step / 2, step / 2], and the length of the
        mean unit vector: about the share of values on this grid.
    """
    step = SIDE_PX / pixels
    turns = np.exp(2j * np.pi * np.asarray(values) / step)
    mean = (weights @ turns) / weights.sum()
    return float(np.angle(mean) / (2 * np.pi) * step), float(np.abs(mean))


def significance(
    values: np.ndarray, patients: Sequence[str], pixels: int
) -> float:
    """Length of the sum over its standard deviation over patients.

    Without a grid, patients' sums point anywhere, and the chance of a larger
    value than z is exp(-z^2).
    """
    turns = np.exp(2j * np.pi * np.asarray(values) * pixels / SIDE_PX)
    _, owner = np.unique(np.asarray(patients), return_inverse=True)
    sums = np.bincount(owner, turns.real) + 1j * np.bincount(owner, turns.imag)
    return float(np.abs(sums.sum()) / np.sqrt((np.abs(sums) ** 2).sum()))


def find_display(
    x: np.ndarray, y: np.ndarray, patients: Sequence[str]
) -> tuple[int, float, float]:
    """The number of display pixels that x and y agree on best.

    Returns:
        The number, and the `significance` for x and y.
    """
    found = [
        (min(both), pixels, *both)
        for pixels in DISPLAY_PIXELS
        for both in [tuple(significance(v, patients, pixels) for v in (x, y))]
    ]
    _, pixels, of_x, of_y = max(found)
    return pixels, of_x, of_y
