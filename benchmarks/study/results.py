"""The results of all pieces, and their comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.study.outcomes import load_outcomes
from benchmarks.study.plan import make_plan
from benchmarks.study.testset import TestSet, load_testset
from mmuldor.evaluation.comparison.compare import Settings, compare
from mmuldor.evaluation.comparison.figures import Method
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.io.json_files import read_json

NAMES = {
    'without_mask': 'Mask R-CNN w/o Mask',
    'mask': 'Mask R-CNN',
    'hnem': 'Mask R-CNN + HNEM',
    'hnem+with_fp': 'Mask R-CNN + HNEM + FP',
    'hnem+cut': 'Mask R-CNN + HNEM, cut',
    'hnem+cut_with_fp': 'Mask R-CNN + HNEM + FP, cut',
    'hnem-spare': 'Mask R-CNN + HNEM, sparing',
    'mask-ohem': 'Mask R-CNN + OHEM',
    'mask-focal': 'Mask R-CNN + focal loss',
    'mask-ellipse': 'one ellipse',
    'mask-quadrilateral': 'quadrilateral',
    'mask-box': 'box',
    'hnem-m-1': 'HNEM, m = 1',
    'hnem-m-10': 'HNEM, m = 10',
    'hnem-accumulate': 'HNEM, rounds accumulated',
}
TESTSET_NAME = 'test-set.json'


@dataclass(frozen=True)
class Results:
    """The results of all pieces.

    Attributes:
        records: The JSON of each finished piece, by its name.
        outcomes: Its outcomes.
        testset: The test set.
        folder: Where they came from.
    """

    records: dict[str, dict]
    outcomes: dict[str, dict[str, RankedDetections]]
    testset: TestSet
    folder: Path

    @classmethod
    def load(cls, folder: Path) -> Results:
        """Read the results of all finished pieces of the plan."""
        names = [
            piece.name
            for piece in make_plan()
            if (folder / f'{piece.name}.json').is_file()
        ]
        return cls(
            {name: read_json(folder / f'{name}.json') for name in names},
            {name: load_outcomes(folder / f'{name}.npz') for name in names},
            load_testset(folder / TESTSET_NAME),
            folder,
        )

    def seeds(self, method: str, missing: int) -> list[int]:
        """Seeds with results."""
        method = method.partition('+')[0]
        return [
            record['seed']
            for record in self.records.values()
            if (record['method'], record['missing']) == (method, missing)
        ]

    def runs(
        self, method: str, missing: int, seeds: Iterable[int]
    ) -> list[RankedDetections]:
        """Outcomes of a method for these seeds; ``METHOD+KIND``, too."""
        base, _, kind = method.partition('+')
        kind = kind or 'lesion'
        return [
            self.outcomes[f'{base}_missing-{missing}_seed-{seed}'][kind]
            for seed in seeds
        ]


def compare_methods(
    results: Results,
    methods: Sequence[str],
    missing: int,
    settings: Settings,
    names: dict[str, str] | None = None,
) -> dict | None:
    """Compare methods on the seeds that all of them have.

    Methods without a run are left out and listed under ``not_run``; None
    where no method has one.
    """
    names = {**NAMES, **(names or {})}
    there = [m for m in methods if results.seeds(m, missing)]
    if not there:
        return None
    seeds = sorted(
        set.intersection(*(set(results.seeds(m, missing)) for m in there))
    )
    comparison = compare(
        [
            Method(
                names[m],
                results.runs(m, missing, seeds),
                list(map(str, seeds)),
            )
            for m in there
        ],
        results.testset.patients,
        results.testset.strata,
        settings,
    )
    comparison['seeds'] = seeds
    comparison['not_run'] = [names[m] for m in methods if m not in there]
    return comparison
