"""Probability of a lesion by score.

Fitted on a validation split; the probability is that a detection hits a
lesion of the reference, on a key slice or in a volume, among those that are
true or false positives: a second hit on a lesion is neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising map from scores to probabilities, linear between its knots.

    Attributes:
        scores: Rising, (k,) float64.
        probabilities: Not falling, in [0, 1], (k,) float64.
    """

    scores: np.ndarray
    probabilities: np.ndarray

    def __call__(self, scores: ArrayLike) -> np.ndarray:
        """Probabilities of scores of any shape; held beyond the ends."""
        values: np.ndarray = np.asarray(scores)
        return np.interp(values, self.scores, self.probabilities)


def fit_isotonic(scores: np.ndarray, hits: np.ndarray) -> Calibration:
    """Isotonic regression by pooling adjacent violators, shrunk.

    Zadrozny and Elkan, KDD 2002. A block of n detections with h hits gets the
    probability (h + 1/2) / (n + 1), the posterior mean under Jeffreys' prior:
    three hits of three give 0.875, not 1. A block's knots are its smallest
    and largest score, so that the map is a staircase with ramps between the
    blocks.

    Args:
        scores: Of detections, (n,), n >= 1.
        hits: Whether each one hits a lesion, (n,) bool.

    Raises:
        ValueError: If there is no detection or the shapes differ.
    """
    scores = np.asarray(scores, dtype=np.float64)
    hits = np.asarray(hits, dtype=np.float64)
    if scores.ndim != 1 or scores.shape != hits.shape or not len(scores):
        raise ValueError(
            'calibration needs one hit or miss per score, but got shapes '
            f'{scores.shape} and {hits.shape}.'
        )
    levels, inverse = np.unique(scores, return_inverse=True)
    counts = np.bincount(inverse)
    blocks = _shrunk(_pooled(counts, np.bincount(inverse, hits)))
    knots = [
        (levels[end], block.shrunk)
        for block in blocks
        for end in sorted({block.first, block.last})
    ]
    return Calibration(*np.array(knots).T)


@dataclass(frozen=True)
class _Block:
    """Neighbouring levels of score that get one probability.

    Attributes:
        hits: Number of hits in it.
        count: Number of detections in it.
        first: Its lowest level.
        last: Its highest level.
    """

    hits: float
    count: float
    first: int
    last: int

    @property
    def share(self) -> float:
        return self.hits / self.count

    @property
    def shrunk(self) -> float:
        return (self.hits + 0.5) / (self.count + 1)

    def joined(self, above: _Block) -> _Block:
        return _Block(
            self.hits + above.hits,
            self.count + above.count,
            self.first,
            above.last,
        )


def _pooled(counts: np.ndarray, hits: np.ndarray) -> list[_Block]:
    """Pool adjacent violators: shares of hits rise from block to block."""
    blocks: list[_Block] = []
    for row, (number, found) in enumerate(zip(counts, hits, strict=True)):
        block = _Block(float(found), float(number), row, row)
        while blocks and blocks[-1].share >= block.share:
            block = blocks.pop().joined(block)
        blocks.append(block)
    return blocks


def _shrunk(blocks: list[_Block]) -> list[_Block]:
    """Join blocks until their shrunk shares rise too.

    One hit in one detection shrinks to 0.75, nine in nine to 0.95, so a block
    of few detections may come to lie above or below its neighbour.
    """
    rising: list[_Block] = []
    for block in blocks:
        while rising and rising[-1].shrunk >= block.shrunk:
            block = rising.pop().joined(block)
        rising.append(block)
    return rising


def cross_validated(
    scores: np.ndarray, hits: np.ndarray, groups: np.ndarray, folds: int = 5
) -> np.ndarray:
    """Probabilities of detections from fits that have not seen them.

    Args:
        scores: (n,).
        hits: (n,) bool.
        groups: Which belong together, patients, (n,).
        folds: Number of parts that the groups are divided into.

    Returns:
        (n,) float64; NaN where nothing else could be fitted on.
    """
    fold = np.unique(groups, return_inverse=True)[1] % folds
    found = np.full(len(scores), np.nan)
    for number in range(folds):
        part = fold == number
        if part.any() and not part.all():
            found[part] = fit_isotonic(scores[~part], hits[~part])(
                scores[part]
            )
    return found
