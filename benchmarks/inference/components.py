"""Variance components of differences, as the phantom study has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.study.results import NAMES, Results
from mmuldor.evaluation.comparison.resampling import (
    bootstrap,
    patient_weights,
)
from mmuldor.evaluation.comparison.seeds_as_readers import patient_covariance
from mmuldor.functional.froc import MEAN_FP_RATES

# Patients of the study's test set, to which all standard deviations refer.
PATIENTS = 309
# Second minus first, at a percentage of missing annotations.
PAIRS = (
    ('without_mask', 'mask', 0),
    *(('mask', 'hnem', share) for share in (0, 25, 50)),
    *(('hnem', 'hnem-spare', share) for share in (0, 25, 50)),
    *(
        ('mask', f'mask-{name}', 0)
        for name in ('ohem', 'focal', 'ellipse', 'quadrilateral', 'box')
    ),
    *(('hnem', f'hnem-{name}', 0) for name in ('m-1', 'm-10', 'accumulate')),
)


@dataclass(frozen=True)
class Components:
    """Standard deviations of the figure of one seed, percentage points.

    Attributes:
        name: What they are of.
        seeds: Over seeds.
        patients: Over samples of `PATIENTS` patients, the same for all seeds.
        both: Over such samples, of each seed its own.
    """

    name: str
    seeds: float
    patients: float
    both: float


def measure(results: Results, resamples: int, seed: int) -> list[dict]:
    """Components of each comparison of the study, and of its methods.

    With D the k figures and C their covariance over patients: both^2 =
    mean diagonal - mean off-diagonal of C, patients^2 = the latter, seeds^2 =
    var(D) - both^2. Estimates, hence sometimes below 0; kept as they are.

    Returns:
        Entries with ``name``, ``runs`` and the variances ``seeds``,
        ``patients`` and ``both`` in squared percentage points.
    """
    weights = patient_weights(results.testset.patients, resamples, seed)
    once = np.ones((1, len(results.testset.patients)))
    found: dict[tuple, tuple] = {}

    def figures(method: str, missing: int, seeds: Sequence[int]):
        for key in ((method, missing, seed) for seed in seeds):
            if key not in found:
                runs = results.runs(method, missing, key[2:])
                found[key] = tuple(
                    bootstrap(runs, w, MEAN_FP_RATES)[:, 0, 0, -1]
                    for w in (once, weights)
                )
        both = [found[method, missing, seed] for seed in seeds]
        return np.hstack([b[0] for b in both]), np.array([b[1] for b in both])

    entries = []
    for first, second, missing in PAIRS:
        seeds = sorted(
            set(results.seeds(first, missing))
            & set(results.seeds(second, missing))
        )
        (a, x), (b, y) = (figures(m, missing, seeds) for m in (first, second))
        name = f'{NAMES[second]} - {NAMES[first]}'
        name += f', {missing} % missing' if missing else ''
        entries.append(_entry(name, b - a, (y - x).T))
    for method in ('without_mask', 'mask', 'hnem'):
        a, x = figures(method, 0, results.seeds(method, 0))
        entries.append(_entry(f'{NAMES[method]} alone', a, x.T))
    return entries


def _entry(name: str, values: np.ndarray, samples: np.ndarray) -> dict:
    covariance = 1e4 * patient_covariance(samples)
    count = len(values)
    diagonal = np.trace(covariance) / count
    off = (covariance.sum() - count * diagonal) / (count * (count - 1))
    both = diagonal - off
    return {
        'name': name,
        'runs': count,
        'seeds': float(1e4 * values.var(ddof=1) - both),
        'patients': float(off),
        'both': float(both),
    }


def chosen(measured: Sequence[dict]) -> Iterator[Components]:
    """The components that are simulated: measured ones, then others."""
    by_name = {entry['name']: entry for entry in measured}
    differences = measured[: len(PAIRS)]
    yield _pooled('measured, all differences', differences)
    largest = max(differences, key=lambda entry: entry['seeds'])
    shared = max(differences, key=lambda entry: entry['patients'])
    first = differences[0]
    alone = by_name[f'{NAMES["mask"]} alone']
    # One entry may be two of these.
    of_interest = {e['name']: e for e in (first, largest, shared, alone)}
    for entry in of_interest.values():
        yield _pooled(f'measured, {entry["name"]}', [entry])
    yield Components('seeds dominate', 1.0, 0.2, 0.2)
    yield Components('seeds dominate, patients matter', 3.0, 1.0, 0.3)
    yield Components('seeds vary 20 times as patients', 4.5, 1.0, 0.3)
    yield Components('patients dominate', 0.3, 1.0, 0.3)
    yield Components('seeds and patients alike', 1.0, 1.0, 0.3)
    yield Components('all alike', 1.0, 1.0, 1.0)
    yield Components('residuals dominate', 0.3, 0.3, 1.0)


def _pooled(name: str, entries: Sequence[dict]) -> Components:
    """Means of the variances by degrees of freedom, not below 0."""
    df = [entry['runs'] - 1 for entry in entries]
    parts = (
        np.average([entry[key] for entry in entries], weights=df)
        for key in ('seeds', 'patients', 'both')
    )
    return Components(
        name, *(round(float(max(v, 0)) ** 0.5, 2) for v in parts)
    )
