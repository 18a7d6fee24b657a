"""The result files a report compares, evaluated."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.image_ids import check_image_ids
from mmuldor.evaluation.results import Detections, read_results
from mmuldor.evaluation.slice_froc import (
    SliceEvaluation,
    evaluate_results,
    evaluate_slices,
    evaluation_dict,
)

FP_SUFFIX = ' + FP'


@dataclass(frozen=True, eq=False)
class EvaluatedRun:
    """A results file and its FROC, one row of the table.

    Attributes:
        name: Title of the row.
        evaluation: Its FROC.
        results: The lesion-class entries of the results file that were
            evaluated, in the order of ``evaluation.matched``; empty for a
            row with the false-positive class. Those in ignored regions are
            not among them.
    """

    name: str
    evaluation: SliceEvaluation
    results: list[dict]

    def steps_at(self, fps_per_image: float) -> int:
        """How many steps of the curve stay at or below this FP rate."""
        rates = self.evaluation.curve.fps_per_image
        return int(np.searchsorted(rates, fps_per_image, side='right')) - 1


def load_runs(
    truth: GroundTruth,
    runs: Mapping[str, str | os.PathLike],
    with_fp: Iterable[str] = (),
) -> list[EvaluatedRun]:
    """Read and evaluate results files.

    Args:
        truth: The lesions of the split.
        runs: Path of the results file by name, in the order of the rows.
        with_fp: Names of runs that get a second row, ``NAME + FP``, with
            their false-positive class appended.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is wrong, there is no run, or ``with_fp`` names
            no run or a name that a run has already.
    """
    with_fp = list(with_fp)
    if not runs:
        raise ValueError('a report needs at least one run, but got none.')
    check_with_fp(with_fp, runs)
    rows = []
    for name, path in runs.items():
        entries = read_results(path)
        check_image_ids(entries, truth.names, path)
        detections = Detections.of(entries, truth.all_images, path)
        evaluation = evaluate_results(truth, detections)
        results = [entries[row] for row in evaluation.rows]
        for entry in results:
            # Masks are decoded when they are drawn; errors name the file.
            entry['source'] = str(path)
        rows.append(EvaluatedRun(name, evaluation, results))
        if name in with_fp:
            both = evaluate_with_fp(truth, detections)
            rows.append(EvaluatedRun(name + FP_SUFFIX, both, []))
    return rows


def check_with_fp(with_fp: Iterable[str], names: Iterable[str]) -> None:
    """Raise ValueError unless rows ``NAME + FP`` can be added."""
    names = list(names)
    for name in with_fp:
        if name not in names or name + FP_SUFFIX in names:
            raise ValueError(
                f'`with_fp` must be names of {names}, and their row '
                f'{name + FP_SUFFIX!r} must be free, but got {name!r}.'
            )


def evaluate_with_fp(
    truth: GroundTruth, detections: Detections
) -> SliceEvaluation:
    """The row with the false-positive class, noted where there is none."""
    both = evaluate_slices(truth, detections, with_fp_class=True)
    if both.counts['detections_fp_class'] or both.counts['ignored_fp_class']:
        return both
    note = (
        'the results have no detection of the false-positive class (category '
        '2), so this row repeats the one without it'
    )
    return replace(both, notes=(note,))


def table_row(run: EvaluatedRun) -> dict:
    """The row as JSON; sensitivities are fractions at full precision."""
    return {'name': run.name, **evaluation_dict(run.evaluation)}
