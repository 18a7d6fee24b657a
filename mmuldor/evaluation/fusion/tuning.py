"""Settings of a fusion, tuned on a validation split.

In turn the scale of scores, method and IoU, and the weights are varied. A
setting replaces the present one only if the mean sensitivity over 0.5, 1, 2
and 4 FPs per image grows by more than two standard errors of that difference
over patients: the best of many settings gains a little by chance, and the
defaults are good for detectors of the same strength.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.comparison.resampling import patient_weights
from mmuldor.evaluation.fusion.fused_results import fuse_detections
from mmuldor.evaluation.fusion.inputs import Input
from mmuldor.evaluation.fusion.score_maps import (
    CALIBRATED,
    NONE,
    RANK,
    probability_map,
    rank_map,
)
from mmuldor.evaluation.fusion.settings import Settings
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.slice_froc import SliceEvaluation, evaluate_slices
from mmuldor.functional.froc import MEAN_FP_RATES
from mmuldor.functional.fusion.fusing import METHODS

IOU_THRS = (0.4, 0.5, 0.6, 0.7)
# Of one detector, times its present weight; 0 leaves it out of three or more.
WEIGHT_FACTORS = (0.5, 2.0, 0.0)
_RESAMPLES = 200
# With 1, each of four halves of a real validation split took other settings,
# which gained nothing on the test split.
_MIN_ERRORS = 2.0
_PASSES = 2
Trace = Callable[[str], object]


@dataclass(frozen=True, eq=False)
class Tried:
    """A setting and what it reaches on the validation split.

    Attributes:
        what: The setting that was varied, as text.
        settings: All settings.
        mean: Mean sensitivity over 0.5, 1, 2 and 4 FPs per image.
        resampled: The same on resamples of the patients, (r,).
        gain: `mean` minus that of the settings before.
        standard_error: Of the gain, over patients.
        taken: Whether it replaced the settings before.
    """

    what: str
    settings: Settings
    mean: float
    resampled: np.ndarray
    gain: float = 0.0
    standard_error: float = 0.0
    taken: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            'what': self.what,
            'mean': self.mean,
            'gain': self.gain,
            'standard_error': self.standard_error,
            'taken': self.taken,
        }


class _Split:
    """A validation split, and what settings reach on it."""

    def __init__(
        self, inputs: Sequence[Input], truth: GroundTruth, patients: np.ndarray
    ) -> None:
        self.truth = truth
        self.tables = [
            own.detections.select(own.detections.categories == LESION_CATEGORY)
            for own in inputs
        ]
        self.weights = patient_weights(patients, _RESAMPLES)

    def evaluate(self, table: Detections) -> SliceEvaluation:
        return evaluate_slices(self.truth, table)

    def try_table(
        self, what: str, settings: Settings, table: Detections
    ) -> Tried:
        evaluation = self.evaluate(table)
        ranked = RankedDetections.of(evaluation.matched)
        resampled = [ranked.figures((), own)[-1] for own in self.weights]
        return Tried(
            what, settings, evaluation.summary.mean, np.array(resampled)
        )

    def try_settings(
        self, what: str, settings: Settings, present: Tried | None = None
    ) -> Tried:
        fused, _ = fuse_detections(self.tables, settings)
        found = self.try_table(what, settings, fused)
        if present is None:
            return found
        difference = found.resampled - present.resampled
        return replace(
            found,
            gain=found.mean - present.mean,
            standard_error=float(np.nanstd(difference, ddof=1)),
        )


def tune(
    inputs: Sequence[Input],
    truth: GroundTruth,
    patients: np.ndarray,
    trace: Trace = str,
) -> Settings:
    """Tune the settings of a fusion.

    Args:
        inputs: The detectors' results for the validation split.
        truth: Its lesions.
        patients: The patient of each image that counts, (k,).
        trace: Takes a line for each setting that was tried.

    Returns:
        Settings with `tuning`: the images, patients, each detector alone,
        the defaults, and all that was tried.

    Raises:
        ValueError: A detector has no detections of lesions.
    """
    split = _Split(inputs, truth, patients)
    names = tuple(own.name for own in inputs)
    alone = {}
    maps: dict[str, tuple] = {NONE: (), RANK: (), CALIBRATED: ()}
    for own, table in zip(inputs, split.tables, strict=True):
        if not len(table):
            raise ValueError(f'{own.path} must have detections of lesions.')
        evaluation = split.evaluate(table)
        alone[own.name] = evaluation.summary.mean
        trace(f'{own.name} alone: {_percent(alone[own.name])}')
        end = evaluation.curve.fps_per_image[-1]
        if end < MEAN_FP_RATES[-1]:
            trace(
                f'note: {own.name} has {end:.2f} FPs per image in all; a '
                f'fusion gains more from detections up to '
                f'{MEAN_FP_RATES[-1]:g} or more (a lower score threshold)'
            )
        counted = evaluation.matched.det_score
        maps[RANK] += (rank_map(counted, len(truth.images)),)
        maps[CALIBRATED] += (probability_map(evaluation.matched),)
    start = Settings(weights=(1.0,) * len(names), names=names)
    if min(table.scores.min() for table in split.tables) < 0:
        start = replace(start, scores=RANK, maps=maps[RANK])
    first = split.try_settings('defaults', start)
    trace(f'defaults ({_settings_text(start)}): {_percent(first.mean)}')
    search = _Search(split, first, trace)
    search.vary(_scores(start, maps))
    search.vary(_methods(search.present.settings))
    for _ in range(_PASSES):
        if not search.vary(_weights(search.present.settings)):
            break
    present = search.present
    tuning = {
        'images': len(truth.images),
        'lesions': len(truth.lesion_images),
        'patients': len(np.unique(patients)),
        'alone': alone,
        'defaults': first.mean,
        'tuned': present.mean,
        'tried': [own.as_dict() for own in search.tried],
    }
    return replace(present.settings, tuning=tuning)


class _Search:
    """The settings so far, and all that was tried."""

    def __init__(self, split: _Split, first: Tried, trace: Trace) -> None:
        self.split, self.present, self.trace = split, first, trace
        self.tried: list[Tried] = []

    def vary(self, candidates: Iterable[tuple[str, Settings]]) -> bool:
        """Take the best of some settings if it gains enough; whether so."""
        found = []
        for what, settings in candidates:
            own = self.split.try_settings(what, settings, self.present)
            self.trace(_line(own))
            found.append(own)
        best = max(found, key=lambda own: own.mean)
        taken = best.gain > _MIN_ERRORS * best.standard_error
        if taken:
            self.trace(f'taken: {best.what}')
            found[found.index(best)] = best = replace(best, taken=True)
            self.present = best
        self.tried += found
        return taken


def _scores(
    present: Settings, maps: dict[str, tuple]
) -> Iterator[tuple[str, Settings]]:
    for kind, own in maps.items():
        # Scores that cannot stay as they are were replaced at the start.
        if kind not in (present.scores, NONE):
            changed = replace(present, scores=kind, maps=own)
            yield f'scores {kind}', changed


def _methods(present: Settings) -> Iterator[tuple[str, Settings]]:
    for method, iou_thr in product(METHODS, IOU_THRS):
        if (method, iou_thr) != (present.method, present.iou_thr):
            changed = replace(present, method=method, iou_thr=iou_thr)
            yield f'{method}, IoU {iou_thr:g}', changed


def _weights(present: Settings) -> Iterator[tuple[str, Settings]]:
    rows = [row for row, weight in enumerate(present.weights) if weight]
    several = len(rows) > 2
    # Of two detectors, half of one weight is twice the other.
    for row, factor in product(rows if several else rows[:1], WEIGHT_FACTORS):
        if factor or several:
            changed = list(present.weights)
            changed[row] *= factor
            yield (
                f'weight of {present.names[row]} {changed[row]:g}',
                replace(present, weights=tuple(changed)),
            )


def _line(tried: Tried) -> str:
    return (
        f'{tried.what}: {_percent(tried.mean)} ({100 * tried.gain:+.2f}, '
        f'standard error {100 * tried.standard_error:.2f})'
    )


def _settings_text(settings: Settings) -> str:
    return (
        f'{settings.method}, IoU {settings.iou_thr:g}, scores '
        f'{settings.scores}, equal weights'
    )


def _percent(value: float) -> str:
    return f'{100 * value:.2f} %'
