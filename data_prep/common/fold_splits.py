"""The patients of cross-validation folds, and the split of each."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.classes import LESION_TYPES
from mmuldor.cli import types
from mmuldor.functional.diameters import by_size, long_diameters_mm
from mmuldor.functional.folds import LEAST_FOLDS, stratified_folds

from .dl_info import SPLITS

TRAIN, VAL, TEST = SPLITS.values()


@dataclass(frozen=True)
class FoldLesion:
    """What decides on the folds of a lesion's patient.

    Attributes:
        patient: Its patient.
        recist_px: Eight numbers, x y of four ends.
        spacing_mm: Pixel size x y.
        lesion_type: 1 to 8; any other number is unknown.
    """

    patient: Hashable
    recist_px: ArrayLike
    spacing_mm: ArrayLike
    lesion_type: int


@dataclass(frozen=True, eq=False)
class Folds:
    """Folds of patients, one of which is tested.

    Fold `fold` is the test split, the next one (after the last, the first)
    the validation split, all others train.

    Attributes:
        of_patient: Fold by patient.
        count: Number of folds.
        fold: The tested one, from 0.
        seed: Of the draw.
        strata: How many images, patients, lesions, and lesions of each size
            and known type each fold has.
    """

    of_patient: Mapping[Hashable, int]
    count: int
    fold: int
    seed: int
    strata: Mapping[str, list[int]]

    def splits(self) -> dict[Hashable, str]:
        """The split of each patient."""
        roles = {self.fold: TEST, (self.fold + 1) % self.count: VAL}
        return {p: roles.get(f, TRAIN) for p, f in self.of_patient.items()}

    def as_info(self) -> dict[str, Any]:
        """What annotation files say; equal but for `fold` in all folds."""
        lines = sorted(f'{p}\t{fold}' for p, fold in self.of_patient.items())
        digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
        return {
            'count': self.count,
            'fold': self.fold,
            'seed': self.seed,
            'patients_sha256': digest,
        }

    def text(self) -> str:
        """A line for the screen."""
        lesions = ', '.join(map(str, self.strata['lesions']))
        return (
            f'fold {self.fold} of {self.count} (from 0, seed {self.seed}); '
            f'lesions of the folds: {lesions}'
        )

    def as_report(self) -> dict[str, Any]:
        """What report.json says."""
        return {**self.as_info(), 'strata': dict(self.strata)}


def add_fold_arguments(parser: argparse.ArgumentParser) -> None:
    """``--folds N`` and ``--fold K``."""
    parser.add_argument(
        '--folds',
        type=types.whole_number(LEAST_FOLDS),
        metavar='N',
        help='cross-validation: deal patients into N folds, alike in lesion '
        'sizes and types, and write the splits of one of them',
    )
    parser.add_argument(
        '--fold',
        type=types.whole_number(0),
        metavar='K',
        help='which one, 0 to N - 1: fold K is the test split, fold K + 1 '
        '(after the last, fold 0) the validation split, the others train',
    )


def check_fold(folds: int | None, fold: int | None) -> None:
    """Raise ValueError unless both are given and fit, or none is."""
    if (folds is None) != (fold is None):
        raise ValueError(
            '`--folds` and `--fold` must be given together, but got '
            f'{"no `--folds`" if folds is None else "no `--fold`"}.'
        )
    if folds is not None and fold is not None and not 0 <= fold < folds:
        raise ValueError(
            f'`--fold` must be from 0 to {folds - 1} with `--folds {folds}`, '
            f'but got {fold}.'
        )


def deal_folds(
    lesions: Iterable[FoldLesion],
    images: Iterable[Hashable],
    patients: Iterable[Hashable],
    folds: int,
    fold: int,
    seed: int,
) -> Folds:
    """Deal patients into folds that are alike.

    Args:
        lesions: Those that count in an evaluation.
        images: The patient of each key slice.
        patients: All of them, those without images too.
        folds: How many.
        fold: The tested one.
        seed: Of the draw; the order of the inputs does not matter.

    Raises:
        ValueError: If fewer patients than folds have lesions.
    """
    names = sorted(set(patients), key=str)
    row = {name: number for number, name in enumerate(names)}
    lesions = list(lesions)
    strata = _strata(lesions)
    table = np.zeros((len(names), len(strata) + 2), dtype=np.int64)
    owners = [row[lesion.patient] for lesion in lesions]
    for column, mask in enumerate(strata.values()):
        np.add.at(table[:, column], np.array(owners, dtype=int)[mask], 1)
    np.add.at(table[:, -2], [row[patient] for patient in images], 1)
    table[:, -1] = 1
    with_lesions = int((table[:, 0] > 0).sum())
    if with_lesions < folds:
        raise ValueError(
            f'`--folds` must be at most the number of patients with lesions, '
            f'{with_lesions}, but got {folds}.'
        )
    dealt = stratified_folds(table, folds, seed)
    counts = np.zeros((folds, table.shape[1]), dtype=np.int64)
    np.add.at(counts, dealt, table)
    return Folds(
        dict(zip(names, dealt.tolist(), strict=True)),
        folds,
        fold,
        seed,
        dict(
            zip(
                [*strata, 'images', 'patients'],
                counts.T.tolist(),
                strict=True,
            )
        ),
    )


def _strata(lesions: Sequence[FoldLesion]) -> dict[str, np.ndarray]:
    """Masks (m,) of all lesions, then of those of each size and type."""
    ends = np.array([lesion.recist_px for lesion in lesions], dtype=float)
    pixels = np.array([lesion.spacing_mm for lesion in lesions], dtype=float)
    long_mm = long_diameters_mm(ends.reshape(-1, 8), pixels.reshape(-1, 2))
    kinds = np.array([lesion.lesion_type for lesion in lesions], dtype=int)
    masks = {
        'lesions': np.ones(len(lesions), dtype=bool),
        **by_size(long_mm),
        **{name: kinds == number for number, name in LESION_TYPES.items()},
    }
    return {k: m for k, m in masks.items() if m.any() or k == 'lesions'}
