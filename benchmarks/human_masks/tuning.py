"""Offset and growth of pseudo masks, tuned by cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.human_masks.agreement import dice_of_polygons
from benchmarks.human_masks.lesions import HumanLesion
from mmuldor.functional.recist import PseudoMask

NUM_FOLDS = 10
# The family with all parameters.
BOTH = 'offset, growth'
# px; the steps are far below what changes the mean Dice by 0.002.
OFFSETS_X = np.arange(-0.2, 1.01, 0.1).round(1)
OFFSETS_Y = np.arange(-0.2, 1.21, 0.1).round(1)
GROWTHS = np.arange(0, 3.01, 0.1).round(1)


@dataclass(frozen=True, eq=False)
class Grid:
    """What is tried.

    Attributes:
        offsets: dx, dy, (k, 2) px.
        growths: (g,) px.
    """

    offsets: np.ndarray
    growths: np.ndarray

    @classmethod
    def of(
        cls,
        x: Sequence[float] = OFFSETS_X,
        y: Sequence[float] = OFFSETS_Y,
        growths: Sequence[float] = GROWTHS,
    ) -> Grid:
        """All offsets of these steps."""
        pairs = np.stack(np.meshgrid(x, y, indexing='ij'), axis=-1)
        return cls(pairs.reshape(-1, 2), np.asarray(growths))

    @property
    def rows(self) -> np.ndarray:
        """dx, dy, growth of all settings, (g * k, 3)."""
        count = len(self.offsets)
        grown = np.repeat(self.growths, count)[:, None]
        return np.hstack(
            [np.tile(self.offsets, (len(self.growths), 1)), grown]
        )

    def table(self, lesions: Sequence[HumanLesion], shape: str) -> np.ndarray:
        """Dice of every setting for every lesion, (g * k, m)."""
        columns = []
        for lesion in lesions:
            polygons = [
                PseudoMask(shape, grow_px=grow).polygon(lesion.ends_px)
                for grow in self.growths.tolist()
            ]
            moved = [p + o for p in polygons for o in self.offsets]
            columns.append(dice_of_polygons(lesion, moved))
        return np.stack(columns, axis=1)


def families(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Which settings have which free parameters, masks over `Grid.rows`."""
    x, y, grow = rows.T
    still, alike = (x == 0) & (y == 0), x == y
    return {
        'paper': still & (grow == 0),
        'growth': still,
        'offset': grow == 0,
        'one offset, growth': alike,
        BOTH: np.ones(len(rows), dtype=bool),
    }


def folds_of(
    patients: Sequence[str], num_folds: int = NUM_FOLDS, seed: int = 0
) -> np.ndarray:
    """The fold of each lesion, (m,) int; a patient is in one fold."""
    unique, index = np.unique(np.asarray(patients), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(unique))
    return (order % num_folds)[index]


def cross_validate(
    table: np.ndarray, allowed: np.ndarray, folds: np.ndarray
) -> np.ndarray:
    """The setting of each lesion that is best on the other folds.

    Args:
        table: Dice, (settings, m).
        allowed: Settings to choose from, (settings,) bool.
        folds: Fold of each lesion, (m,) int.

    Returns:
        Row of the table for each lesion, (m,) int.
    """
    choices = np.flatnonzero(allowed)
    chosen = np.empty(table.shape[1], dtype=np.int64)
    for fold in np.unique(folds):
        test = folds == fold
        means = table[choices][:, ~test].mean(axis=1)
        chosen[test] = choices[means.argmax()]
    return chosen


def best_setting(
    table: np.ndarray, allowed: np.ndarray, rows: np.ndarray
) -> dict:
    """The setting that is best on all lesions, and its mean Dice there."""
    choices = np.flatnonzero(allowed)
    means = table[choices].mean(axis=1)
    x, y, grow = rows[choices[means.argmax()]].tolist()
    return {
        'offset_px': [x, y],
        'grow_px': grow,
        'dice_on_all': float(means.max()),
    }
