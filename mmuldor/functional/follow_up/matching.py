"""Match the lesions of two registered scans one to one.

A pair costs what it deviates from the same place and the same size:

    (distance / sigma)^2 + (log2 of the ratio of diameters)^2

with sigma^2 = (error of the registration)^2 + (0.1 times the mean
diameter)^2, since the centre of a lesion that grows moves. A lesion without
partner costs `UNMATCHED`. The cheapest assignment wins. A decision is
uncertain if another assignment, without it, costs hardly more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.functional.arrays import Bools, Floats, check_rows, check_vector

MATCHED, NEW, GONE = 'matched', 'new', 'gone'
UNCERTAIN, OUTSIDE = 'uncertain', 'outside'
STATUSES = (MATCHED, NEW, GONE, UNCERTAIN, OUTSIDE)
# Two lesions without partner cost as much as a pair that is 3 sigma apart.
UNMATCHED = 4.5
# Half of it: an assignment that costs 4 more is exp(4 / 2) = 7.4 times less
# likely, if deviations are normal.
MARGIN = 4.0
# Share of a diameter by which a centre may move.
CENTER_SHARE = 0.1
# No lesion has four times the diameter (64 times the volume) at follow-up.
MAX_RATIO = 4.0
_NEVER = 1e6


@dataclass(frozen=True)
class LesionPair:
    """A row of the result: a pair, or a lesion without partner.

    Attributes:
        status: One of `STATUSES`.
        baseline: Index of the baseline lesion, None without.
        follow_up: Index of the follow-up lesion, None without.
        reason: Why it is uncertain or outside; else ''.
        distance_mm: Distance of the follow-up lesion from where the baseline
            lesion is expected; None without a pair.
        baseline_rivals: Other baseline lesions that could be the partner.
        follow_up_rivals: Other follow-up lesions that could be.
    """

    status: str
    baseline: int | None
    follow_up: int | None
    reason: str = ''
    distance_mm: float | None = None
    baseline_rivals: tuple[int, ...] = ()
    follow_up_rivals: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Placed:
    """The lesions of one scan, placed in the frame of the follow-up.

    Attributes:
        centers_mm: Their centres, for the baseline where they are expected,
            (n, 3).
        diameters_mm: (n,), above 0.
        depth_mm: How deep the place in the other scan lies inside of that
            scan, negative outside, (n,).
    """

    centers_mm: Floats
    diameters_mm: Floats
    depth_mm: Floats

    @classmethod
    def of(
        cls,
        centers_mm: ArrayLike,
        diameters_mm: ArrayLike,
        depth_mm: ArrayLike,
    ) -> Placed:
        """Checked arrays.

        Raises:
            TypeError: If they are not numbers.
            ValueError: If a shape or a value is wrong.
        """
        centers = check_rows(centers_mm, 3, 'centers_mm').astype(np.float64)
        diameters = check_vector('diameters_mm', diameters_mm, len(centers))
        if not np.isfinite(centers).all() or (diameters <= 0).any():
            raise ValueError(
                'lesions must have finite centres and diameters above 0, but '
                f'got {centers.tolist()} and {diameters.tolist()}.'
            )
        depth = check_vector('depth_mm', depth_mm, len(centers))
        return cls(centers, diameters, depth)


def match_lesions(
    baseline: Placed, follow_up: Placed, error_mm: float
) -> list[LesionPair]:
    """Match lesions one to one.

    Args:
        baseline: Lesions of the baseline, where they are expected at
            follow-up.
        follow_up: Lesions of the follow-up.
        error_mm: Standard deviation of the registration's error, above 0.

    Returns:
        Each lesion in one row: baseline lesions in their order, then the
        remaining ones of the follow-up.

    Raises:
        ValueError: If `error_mm` is not above 0.
    """
    if not error_mm > 0:
        raise ValueError(f'`error_mm` must be above 0, but got {error_mm}.')
    costs = pair_costs(baseline, follow_up, error_mm)
    partners: dict[int, int] = {}
    doubtful: set[tuple[int | None, int | None]] = set()
    for rows, columns in _groups(costs < _NEVER):
        block = costs[np.ix_(rows, columns)]
        pairs, doubts = _assign(block)
        partners |= {rows[i]: columns[j] for i, j in pairs.items()}
        for i, j in doubts:
            doubtful.add(
                (
                    None if i is None else rows[i],
                    None if j is None else columns[j],
                )
            )
    judge = _Judge(baseline, follow_up, error_mm, costs, doubtful)
    found = [judge.row(i, partners.get(i)) for i in range(len(costs))]
    alone = set(range(costs.shape[1])) - set(partners.values())
    return found + [judge.row(None, j) for j in sorted(alone)]


def all_uncertain(
    baseline: int, follow_up: int, reason: str
) -> list[LesionPair]:
    """Each of so many lesions in a row of its own, uncertain."""
    rows = [LesionPair(UNCERTAIN, i, None, reason) for i in range(baseline)]
    return rows + [
        LesionPair(UNCERTAIN, None, j, reason) for j in range(follow_up)
    ]


def pair_costs(baseline: Placed, follow_up: Placed, error_mm: float) -> Floats:
    """The cost of each pair, (n, m); 1e6 for one that cannot be."""
    first, second = baseline.diameters_mm[:, None], follow_up.diameters_mm
    share = CENTER_SHARE * (first + second) / 2
    away = _distances(baseline, follow_up) ** 2 / (error_mm**2 + share**2)
    ratio = np.log2(first / second)
    costs: Floats = away + ratio**2
    possible = (costs < 2 * UNMATCHED) & (
        np.abs(ratio) <= np.log2(MAX_RATIO) + 1e-9
    )
    costs[~possible] = _NEVER
    return costs


def _distances(baseline: Placed, follow_up: Placed) -> Floats:
    away = baseline.centers_mm[:, None] - follow_up.centers_mm
    distances: Floats = np.linalg.norm(away, axis=2)
    return distances


def _groups(possible: Bools) -> Iterable[tuple[list[int], list[int]]]:
    """Rows and columns of each group of lesions that compete for partners."""
    left = set(np.flatnonzero(possible.any(axis=1)).tolist())
    while left:
        rows, columns = {left.pop()}, set[int]()
        while True:
            more = set(np.flatnonzero(possible[list(rows)].any(0)).tolist())
            if more == columns:
                break
            columns = more
            rows |= set(
                np.flatnonzero(possible[:, list(columns)].any(1)).tolist()
            )
        left -= rows
        yield sorted(rows), sorted(columns)


def _assign(
    costs: Floats,
) -> tuple[dict[int, int], list[tuple[int | None, int | None]]]:
    """The cheapest assignment of a group, and which of its rows are doubtful.

    A row (i, j) is a pair, (i, None) or (None, j) a lesion without partner.
    """
    n, m = costs.shape
    table = np.zeros((n + m, n + m))
    table[:n, :m] = costs
    table[:n, m:] = table[n:, :m] = UNMATCHED
    best, pairs = _solve(table, n, m)
    decided: list[tuple[int | None, int | None]] = [*pairs.items()]
    decided += [(i, None) for i in range(n) if i not in pairs]
    decided += [(None, j) for j in range(m) if j not in pairs.values()]
    doubts = []
    for i, j in decided:
        other = table.copy()
        where = (
            slice(n, None) if i is None else i,
            slice(m, None) if j is None else j,
        )
        other[where] = _NEVER
        if _solve(other, n, m)[0] - best < MARGIN:
            doubts.append((i, j))
    return pairs, doubts


def _solve(table: Floats, n: int, m: int) -> tuple[float, dict[int, int]]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(table)
    pairs = {
        int(i): int(j)
        for i, j in zip(rows, columns, strict=True)
        if i < n and j < m and table[i, j] < _NEVER
    }
    return float(table[rows, columns].sum()), pairs


class _Judge:
    """Gives each decision its status."""

    def __init__(
        self,
        baseline: Placed,
        follow_up: Placed,
        error_mm: float,
        costs: Floats,
        doubtful: set[tuple[int | None, int | None]],
    ) -> None:
        self._scans = (baseline, follow_up)
        self._error_mm, self._doubtful = error_mm, doubtful
        self._possible = costs < _NEVER
        self._distances = _distances(baseline, follow_up)

    def row(self, i: int | None, j: int | None) -> LesionPair:
        """The row of a pair, or of a lesion without partner."""
        rivals = (self._rivals(j, i, axis=1), self._rivals(i, j, axis=0))
        if (i, j) in self._doubtful:
            reason = 'another assignment is about as likely'
            return self._pair(UNCERTAIN, i, j, reason, rivals)
        if i is not None and j is not None:
            return self._pair(MATCHED, i, j, '', ((), ()))
        return self._alone(i, j, rivals)

    def _alone(
        self,
        i: int | None,
        j: int | None,
        rivals: tuple[tuple[int, ...], tuple[int, ...]],
    ) -> LesionPair:
        own, other = self._scans if j is None else self._scans[::-1]
        index = i if j is None else j
        depth = own.depth_mm[index]
        if depth < 0:
            reason = 'its place lies outside of the other scan'
            return LesionPair(OUTSIDE, i, j, reason)
        if depth < self._error_mm:
            reason = 'its place lies at the border of the other scan'
            return self._pair(UNCERTAIN, i, j, reason, rivals)
        away = self._distances[i] if j is None else self._distances[:, j]
        covering = np.flatnonzero(away < other.diameters_mm / 2)
        if len(covering):
            reason = 'its place lies in another lesion of the other scan'
            numbers = tuple(covering.tolist())
            rivals = ((), numbers) if j is None else (numbers, ())
            return self._pair(UNCERTAIN, i, j, reason, rivals)
        return LesionPair(GONE if j is None else NEW, i, j)

    def _pair(
        self,
        status: str,
        i: int | None,
        j: int | None,
        reason: str,
        rivals: Sequence[tuple[int, ...]],
    ) -> LesionPair:
        distance = None
        if i is not None and j is not None:
            distance = float(self._distances[i, j])
        return LesionPair(status, i, j, reason, distance, *rivals)

    def _rivals(
        self, index: int | None, partner: int | None, axis: int
    ) -> tuple[int, ...]:
        """What else could be the partner of a lesion."""
        if index is None:
            return ()
        possible = np.take(self._possible, index, axis=axis)
        found = np.flatnonzero(possible).tolist()
        return tuple(k for k in found if k != partner)
