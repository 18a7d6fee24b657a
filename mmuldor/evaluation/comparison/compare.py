"""Several methods on the same images: figures, intervals, differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from mmuldor.evaluation.comparison.cautions import cautions
from mmuldor.evaluation.comparison.differences import (
    TRAININGS,
    UNPAIRED,
    adjust,
    design,
    estimates,
    find_primary,
)
from mmuldor.evaluation.comparison.figures import (
    Figures,
    Method,
    beyond_the_end,
)
from mmuldor.evaluation.comparison.resampling import (
    bootstrap,
    patient_weights,
    permutation_p_values,
)
from mmuldor.functional.froc import FP_RATES, check_fp_rates

Progress = Callable[[Iterable[int], str], Iterable[int]]


@dataclass(frozen=True)
class Settings:
    """How a comparison is computed.

    Attributes:
        fp_rates: FPs per image of the table, rising.
        stratum_fps: FPs per image of the figures by size, type and so on.
        level: Coverage of the intervals.
        num_resamples: Resamples of the patients.
        num_permutations: Exchanges of each test of the given trainings; 0
            for no test.
        seed: Of all draws.
        primary: The comparisons that are tested, pairs of names, chosen
            before the results were seen.
    """

    fp_rates: tuple[float, ...] = FP_RATES
    stratum_fps: float = 4.0
    level: float = 0.95
    num_resamples: int = 2000
    num_permutations: int = 2000
    seed: int = 0
    primary: tuple[tuple[str, str], ...] = ()


def compare(
    methods: Sequence[Method],
    patients: np.ndarray,
    strata: Mapping[str, np.ndarray],
    settings: Settings,
    progress: Progress = lambda items, text: items,
    unit: str = 'patients',
) -> dict:
    """Compare methods with intervals, and test the primary comparisons.

    Args:
        methods: At least one; all on the same images and lesions.
        patients: The patient of each image, (k,).
        strata: Masks over the lesions, (m,) bool, by name.
        settings: The numbers.
        progress: Wraps loops; gets the items and what is done.
        unit: What `patients` counts, after its number in a sentence.

    Returns:
        What ``comparison.json`` holds: ``rows`` (a method each, with
        ``sensitivity`` and ``interval`` at ``fp_rates``, the ``mean`` over
        0.5, 1, 2 and 4 and its interval, ``strata``), ``differences`` (each
        pair of methods: second minus first; their ``design`` is 'paired
        seeds', 'unpaired seeds' or 'trainings') and ``warnings``. ``p_value``
        and ``p_holm``, of the mean, are those of primary comparisons alone;
        ``p_these_trainings`` holds the trainings fixed. ``df``, of the mean,
        is null where it is infinite; where a method has two seeds it is that
        of `level` alone, and p and other levels follow from ``error_parts``,
        variances with their degrees of freedom (see `weighted_t`), which are
        null elsewhere. Fractions; null where undefined, as at and beyond the
        end of a curve.

    Raises:
        ValueError: If there is no method, two share a name, seeds cannot be
            paired, or a number of the settings is wrong.
    """
    names = [method.name for method in methods]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f'a comparison needs methods of different names, but got {names}.'
        )
    primary = find_primary(names, settings.primary)
    pairs = list(combinations(range(len(methods)), 2))
    for i, j in pairs:
        design(methods[i], methods[j])
    check_fp_rates(settings.fp_rates)
    table = _Table(methods, patients, strata, settings, progress)
    rows = [table.row(index) for index in range(len(methods))]
    differences = [table.difference(i, j, primary) for i, j in pairs]
    adjust(differences, settings.level)
    everyone = len(methods[0].runs[0].lesion_image)
    counted = len(np.unique(patients))
    return {
        'settings': asdict(settings),
        'images': len(patients),
        'patients': counted,
        'unit': unit,
        'lesions': everyone,
        'strata': {name: int(mask.sum()) for name, mask in strata.items()},
        'rows': rows,
        'differences': differences,
        'warnings': cautions(rows, counted, everyone, unit),
    }


class _Table:
    """Figures of all methods: the FP rates, the mean, then the strata."""

    def __init__(self, methods, patients, strata, settings, progress) -> None:
        self.settings, self.progress = settings, progress
        self.patients, self.strata = patients, list(strata)
        rates = sorted({*settings.fp_rates, settings.stratum_fps})
        self.rates = check_fp_rates(rates)
        self.columns = [self.rates.index(rate) for rate in settings.fp_rates]
        everyone = np.ones(len(methods[0].runs[0].lesion_image), dtype=bool)
        masks = np.array([everyone, *strata.values()])
        weights = patient_weights(
            patients, settings.num_resamples, settings.seed
        )
        runs = [run for method in methods for run in method.runs]
        samples = bootstrap(
            runs,
            weights,
            self.rates,
            strata=masks,
            progress=lambda items: progress(items, 'resampling patients'),
        )
        once = np.ones(len(patients))
        values = np.array(
            [run.figures(self.rates, once, masks) for run in runs]
        )
        cuts = np.cumsum([len(method.runs) for method in methods])[:-1]
        self.figures = [
            Figures(m, self._flat(m, v), self._flat(m, s))
            for m, v, s in zip(
                methods,
                np.split(values, cuts),
                np.split(samples, cuts, axis=1),
                strict=True,
            )
        ]

    def _flat(self, method: Method, figures: np.ndarray) -> np.ndarray:
        """(..., strata, rates and mean) to (..., f)."""
        beyond = beyond_the_end(method, self.rates, len(self.patients))
        figures = np.where(beyond, np.nan, figures)
        stratum = self.rates.index(self.settings.stratum_fps)
        return np.concatenate(
            [
                figures[..., 0, [*self.columns, -1]],
                figures[..., 1:, stratum],
            ],
            axis=-1,
        )

    def row(self, index: int) -> dict:
        figures = self.figures[index]
        method, images = figures.method, len(self.patients)
        maxima = [run.max_sensitivity(images) for run in method.runs]
        sensitivity, fps = np.mean(maxima, axis=0)
        mean, ends = figures.mean(), figures.interval(self.settings.level)
        return {
            'name': method.name,
            'runs': len(method.runs),
            'labels': list(method.seeds),
            'fp_rates': list(self.settings.fp_rates),
            **self._entry(mean, ends),
            'max_sensitivity': float(sensitivity),
            'fps_at_max': float(fps),
            'fps_at_end': method.curve_end(images),
        }

    def difference(self, i: int, j: int, primary: set) -> dict:
        first, second = self.figures[i], self.figures[j]
        found = estimates(
            first,
            second,
            len(np.unique(self.patients)),
            self.settings.level,
        )
        of_mean = found[len(self.columns)]
        pair = {first.method.name, second.method.name}
        p_values = self._of_trainings(first, second)
        return {
            'first': first.method.name,
            'second': second.method.name,
            'design': design(first.method, second.method),
            'runs': [len(first.method.runs), len(second.method.runs)],
            'fps_at_end': [
                f.method.curve_end(len(self.patients)) for f in (first, second)
            ],
            **self._entry(
                np.array([e.mean for e in found]),
                np.array([(e.low, e.high) for e in found]).T,
            ),
            'standard_error': _number(of_mean.standard_error),
            'df': _number(of_mean.df),
            'error_parts': [
                [_number(part.variance), _number(part.df)]
                for part in of_mean.parts
            ]
            or None,
            'primary': pair in primary,
            'p_value': _number(of_mean.p_value) if pair in primary else None,
            'p_holm': None,
            'holm_interval': None,
            'p_these_trainings': p_values[:-1],
            'p_these_trainings_mean': p_values[-1],
        }

    def _of_trainings(
        self, first: Figures, second: Figures
    ) -> list[float | None]:
        """p of the permutation test at the FP rates and of the mean."""
        kind = design(first.method, second.method)
        count = self.settings.num_permutations
        defined = ~np.isnan(first.mean() + second.mean())
        defined = defined[: len(self.columns) + 1]
        if (
            not count
            or kind == UNPAIRED
            or len(first.values) != len(second.values)
            or not defined.any()
        ):
            return [None] * len(defined)
        if kind != TRAININGS:
            first, second = first.sorted_by_seed(), second.sorted_by_seed()
        names = f'{second.method.name} against {first.method.name}'
        p_values = permutation_p_values(
            second.method.runs,
            first.method.runs,
            self.patients,
            self.rates,
            num_permutations=count,
            seed=self.settings.seed,
            progress=lambda items: self.progress(items, names),
        )[[*self.columns, -1]]
        return _numbers(np.where(defined, p_values, np.nan))

    def _entry(self, values: np.ndarray, ends: np.ndarray) -> dict:
        """As JSON: values (f,) and ends (2, f)."""
        numbers = _numbers(values)
        pairs = [_numbers(pair) for pair in ends.T]
        rates = len(self.columns)
        return {
            'sensitivity': numbers[:rates],
            'interval': pairs[:rates],
            'mean': numbers[rates],
            'mean_interval': pairs[rates],
            'strata': {
                name: {'sensitivity': value, 'interval': pair}
                for name, value, pair in zip(
                    self.strata,
                    numbers[rates + 1 :],
                    pairs[rates + 1 :],
                    strict=True,
                )
            },
        }


def _number(value: float | np.ndarray) -> float | None:
    """As JSON; undefined figures become null."""
    return float(value) if np.isfinite(value) else None


def _numbers(values: np.ndarray) -> list[float | None]:
    return [_number(value) for value in values]
