"""Studies of two methods, simulated, and the tests of their difference."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from benchmarks.inference.components import PATIENTS, Components
from mmuldor.evaluation.comparison.inference import (
    Estimate,
    holm,
    student_t,
)
from mmuldor.evaluation.comparison.resampling import (
    interval,
    patient_weights,
)
from mmuldor.evaluation.comparison.seeds_as_readers import readers_estimate

ALPHA = 0.05
RESAMPLES = 400
# Of a family that is tested together.
COMPARISONS = 3
# Studies at once: about 8 MB of normal numbers.
_CELLS = 1_000_000


def error_rates(
    components: Components,
    patients: int,
    seeds: int,
    sizes: np.ndarray,
    studies: int,
    seed: int,
) -> dict[str, float]:
    """How often tests of two equal methods have p <= 0.05.

    The difference of seed s is the mean over patients i with w_i lesions of
    a_s + u_i + e_is, normal, with the components' standard deviations.
    Intervals move with the difference, so one minus the rate is the coverage
    of the interval that belongs to a test, whatever the difference is.

    Args:
        components: Of the figures.
        patients: Number of patients.
        seeds: Number of seeds, paired.
        sizes: Lesions of a patient to draw from.
        studies: Number of simulated studies.
        seed: Of all draws.

    Returns:
        Fractions by test: ``readers`` (seeds as readers), ``hillis`` (the
        same with Hillis' degrees of freedom for two seeds too),
        ``bootstrap`` (of seeds and patients) and ``permutation`` (of the
        given trainings).
    """
    rng = _generator(components, patients, seeds, seed)
    rejected: dict[str, list[np.ndarray]] = {}
    for values, samples, sums in _studies(
        rng, components, (studies, patients, seeds), sizes
    ):
        for name, p in p_values(values, samples, sums, rng).items():
            rejected.setdefault(name, []).append(p <= ALPHA)
    return {
        name: float(np.concatenate(parts).mean())
        for name, parts in rejected.items()
    }


def holm_rate(
    components: Components,
    patients: int,
    seeds: int,
    sizes: np.ndarray,
    families: int,
    seed: int,
    comparisons: int = COMPARISONS,
) -> float:
    """Families of equal methods with a p of seeds as readers <= 0.05.

    The comparisons of a family are simulated independently, and their p
    adjusted by Holm.

    Args:
        components: See `error_rates`.
        patients: The same.
        seeds: The same.
        sizes: The same.
        families: Number of simulated families.
        seed: Of all draws.
        comparisons: Of a family.
    """
    rng = _generator(components, patients, seeds, seed)
    shape = families * comparisons, patients, seeds
    p = np.concatenate(
        [
            _readers(values, samples).p_value
            for values, samples, _ in _studies(rng, components, shape, sizes)
        ]
    ).reshape(families, comparisons)
    return float(np.mean([(holm(one) <= ALPHA).any() for one in p]))


def _generator(
    components: Components, patients: int, seeds: int, seed: int
) -> np.random.Generator:
    name = zlib.crc32(components.name.encode())
    return np.random.default_rng((seed, name, patients, seeds))


def _studies(
    rng: np.random.Generator,
    components: Components,
    shape: tuple[int, int, int],
    sizes: np.ndarray,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Batches of values, samples and sums, as `p_values` takes them."""
    studies, patients, seeds = shape
    for count in _batches(studies, patients * seeds):
        lesions = rng.choice(sizes, patients)
        sums = _draw(rng, components, (count, patients, seeds))
        sums *= lesions[:, None]
        weights = patient_weights(
            np.arange(patients), RESAMPLES, int(rng.integers(2**32))
        ).astype(np.float64)
        values = sums.sum(axis=1) / lesions.sum()
        samples = (weights @ sums) / (weights @ lesions)[:, None]
        yield values, samples, sums


def _batches(studies: int, cells: int) -> Iterator[int]:
    size = max(1, _CELLS // cells)
    for begin in range(0, studies, size):
        yield min(size, studies - begin)


def _draw(
    rng: np.random.Generator,
    components: Components,
    shape: tuple[int, int, int],
) -> np.ndarray:
    """Differences of (studies, patients, seeds)."""
    # A mean over `PATIENTS` patients has the components' spread.
    scale = PATIENTS**0.5
    count, patients, seeds = shape
    drawn = scale * components.both * rng.standard_normal(shape)
    of_patients = rng.standard_normal((count, patients, 1))
    drawn += scale * components.patients * of_patients
    drawn += components.seeds * rng.standard_normal((count, 1, seeds))
    return drawn


def p_values(
    values: np.ndarray,
    samples: np.ndarray,
    sums: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """p of each test for each study; of an interval 0 or 1.

    Args:
        values: Differences of the seeds, (studies, seeds).
        samples: On resamples of the patients, (studies, resamples, seeds).
        sums: What each patient adds, (studies, patients, seeds).
        rng: For the rivals' draws.
    """
    readers = _readers(values, samples)
    error, spread = readers.standard_error, values.var(axis=1, ddof=1)
    df = _hillis(spread, _covariance(samples), error)
    found = {'readers': readers.p_value}
    found['hillis'] = student_t(readers.mean, error, df).p_value
    found['bootstrap'] = _of_bootstrap(samples, rng)
    found['permutation'] = _of_permutation(sums.mean(axis=2), rng)
    return found


def _readers(values: np.ndarray, samples: np.ndarray) -> Estimate:
    return readers_estimate(
        values.mean(axis=1),
        values.var(axis=1, ddof=1),
        _covariance(samples),
    )


def _covariance(samples: np.ndarray) -> np.ndarray:
    """Of the seeds over the resamples, (studies, seeds, seeds)."""
    centred = samples - samples.mean(axis=1, keepdims=True)
    covariance: np.ndarray = centred.mT @ centred
    return covariance / (samples.shape[1] - 1)


def _hillis(
    spread: np.ndarray, covariance: np.ndarray, error: np.ndarray
) -> np.ndarray:
    """se^4 / (va^2 / (k - 1)), also for two seeds."""
    seeds = covariance.shape[-1]
    trace = np.trace(covariance, axis1=1, axis2=2)
    off = (covariance.sum(axis=(1, 2)) - trace) / (seeds * (seeds - 1))
    va = np.maximum(spread, trace / seeds - off) / seeds
    return error**4 / (va**2 / (seeds - 1))


def _of_bootstrap(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Whether the percentile interval of seeds and patients holds 0."""
    drawn = rng.integers(samples.shape[2], size=samples.shape)
    means = np.take_along_axis(samples, drawn, axis=2).mean(axis=2)
    low, high = interval(means.T, 1 - ALPHA)
    return ((low <= 0) & (high >= 0)).astype(np.float64)


def _of_permutation(sums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """p of exchanging the methods patient by patient, seeds held."""
    signs = rng.choice([-1.0, 1.0], size=(sums.shape[1], RESAMPLES))
    observed = np.abs(sums.sum(axis=1, keepdims=True)) - 1e-12
    return (1 + (np.abs(sums @ signs) >= observed).sum(axis=1)) / (
        1 + RESAMPLES
    )
