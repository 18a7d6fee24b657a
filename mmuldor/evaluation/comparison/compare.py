"""Several methods on the same images: figures, intervals, differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.comparison.resampling import (
    bootstrap,
    interval,
    patient_weights,
    permutation_p_values,
)
from mmuldor.functional.froc import FP_RATES, check_fp_rates

ALL = 'all'


@dataclass(frozen=True, eq=False)
class Method:
    """One row of the table.

    Attributes:
        name: What the row is called.
        runs: Outcomes of its trainings, one or several seeds.
    """

    name: str
    runs: list[RankedDetections]


@dataclass(frozen=True)
class Settings:
    """How a comparison is computed.

    Attributes:
        fp_rates: FPs per image of the table, rising.
        stratum_fps: FPs per image of the figures by size, type and so on.
        level: Coverage of the intervals.
        num_resamples: Resamples of the patients.
        num_permutations: Exchanges of each paired test; 0 for no test.
        seed: Of all draws.
    """

    fp_rates: tuple[float, ...] = FP_RATES
    stratum_fps: float = 4.0
    level: float = 0.95
    num_resamples: int = 2000
    num_permutations: int = 2000
    seed: int = 0


def compare(
    methods: Sequence[Method],
    patients: np.ndarray,
    strata: Mapping[str, np.ndarray],
    settings: Settings,
    progress: Callable[[Iterable[int], str], Iterable[int]] = (
        lambda items, text: items
    ),
) -> dict:
    """Compare methods with intervals and paired tests.

    Args:
        methods: At least one; all on the same images and lesions.
        patients: The patient of each image, (k,).
        strata: Masks over the lesions, (m,) bool, by name.
        settings: The numbers.
        progress: Wraps loops; gets the items and what is done.

    Returns:
        What ``comparison.json`` holds: ``rows`` (a method each, with
        ``sensitivity`` and ``interval`` at ``fp_rates``, the ``mean`` over
        0.5, 1, 2 and 4 and its interval, ``strata``) and ``differences``
        (each pair of methods: second minus first). Fractions; null where
        undefined.

    Raises:
        ValueError: If there is no method, two share a name, or a number of
            the settings is wrong.
    """
    names = [method.name for method in methods]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f'a comparison needs methods of different names, but got {names}.'
        )
    check_fp_rates(settings.fp_rates)
    rates = check_fp_rates(sorted({*settings.fp_rates, settings.stratum_fps}))
    weights = patient_weights(patients, settings.num_resamples, settings.seed)
    everyone = np.ones(len(methods[0].runs[0].lesion_image), dtype=bool)
    masks = np.array([everyone, *strata.values()])
    samples = bootstrap(
        [method.runs for method in methods],
        weights,
        rates,
        strata=masks,
        seed=settings.seed,
        progress=lambda items: progress(items, 'resampling patients'),
    )
    once = np.ones(len(patients))
    points = np.array(
        [
            np.mean(
                [run.figures(rates, once, masks) for run in m.runs], axis=0
            )
            for m in methods
        ]
    )
    table = _Table(settings, rates, points, samples, [ALL, *strata])
    return {
        'settings': asdict(settings),
        'images': len(patients),
        'patients': len(np.unique(patients)),
        'lesions': len(everyone),
        'strata': {name: int(mask.sum()) for name, mask in strata.items()},
        'rows': [
            table.row(index, method, len(patients))
            for index, method in enumerate(methods)
        ],
        'differences': [
            table.difference(i, j, methods, patients, progress)
            for i, j in combinations(range(len(methods)), 2)
        ],
    }


class _Table:
    """Point estimates and resamples: (methods, strata, rates and mean)."""

    def __init__(self, settings, rates, points, samples, strata) -> None:
        self.settings = settings
        self.points, self.samples = points, samples
        self.strata = strata
        self.columns = [rates.index(rate) for rate in settings.fp_rates]
        self.stratum_column = rates.index(settings.stratum_fps)
        self.rates = rates

    def row(self, index: int, method: Method, num_images: int) -> dict:
        maxima = [run.max_sensitivity(num_images) for run in method.runs]
        sensitivity, fps = np.mean(maxima, axis=0)
        return {
            'name': method.name,
            'runs': len(method.runs),
            'fp_rates': list(self.settings.fp_rates),
            **self._figures(self.points[index], self.samples[:, index]),
            'max_sensitivity': float(sensitivity),
            'fps_at_max': float(fps),
            'strata': self._strata(self.points[index], self.samples[:, index]),
        }

    def difference(self, i, j, methods, patients, progress) -> dict:
        first, second = methods[i], methods[j]
        points = self.points[j] - self.points[i]
        samples = self.samples[:, j] - self.samples[:, i]
        p_values = None
        if self.settings.num_permutations and len(first.runs) == len(
            second.runs
        ):
            p_values = permutation_p_values(
                second.runs,
                first.runs,
                patients,
                self.rates,
                num_permutations=self.settings.num_permutations,
                seed=self.settings.seed,
                progress=lambda items: progress(
                    items, f'{second.name} against {first.name}'
                ),
            ).tolist()
        return {
            'first': first.name,
            'second': second.name,
            **self._figures(points, samples),
            'standard_error': _numbers(samples[:, 0].std(axis=0, ddof=1))[-1],
            'p_value': p_values and [p_values[c] for c in self.columns],
            'p_value_mean': p_values and p_values[-1],
            'strata': self._strata(points, samples),
        }

    def _figures(self, points: np.ndarray, samples: np.ndarray) -> dict:
        """Of all lesions: points (s, r + 1), samples (resamples, s, r + 1)."""
        ends = interval(samples[:, 0], self.settings.level)
        return {
            'sensitivity': _numbers(points[0, self.columns]),
            'interval': [_numbers(ends[:, c]) for c in self.columns],
            'mean': _numbers(points[0])[-1],
            'mean_interval': _numbers(ends[:, -1]),
        }

    def _strata(self, points: np.ndarray, samples: np.ndarray) -> dict:
        column = self.stratum_column
        ends = interval(samples[:, :, column], self.settings.level)
        return {
            name: {
                'sensitivity': _numbers(points[:, column])[place],
                'interval': _numbers(ends[:, place]),
            }
            for place, name in enumerate(self.strata)
            if name != ALL
        }


def _numbers(values: np.ndarray) -> list[float | None]:
    """As JSON; undefined figures become null."""
    return [None if np.isnan(v) else float(v) for v in values]
