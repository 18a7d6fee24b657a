"""The patients of files, and the splits of patients."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmuldor.io.csv_fields import read_rows
from mmuldor.io.paths import existing_file

from ..common.fold_splits import FoldLesion, deal_folds
from ..common.split_counts import split_counts
from .coco_documents import SPLIT_NAMES
from .options import SPLIT, SliceOptions, VolumeOptions
from .patient_names import patients_by_pattern
from .report import OwnDataReport

SUFFIXES = ('.nii.gz', '.nii', '.png')


@dataclass(frozen=True)
class Patients:
    """Patients by file, and splits by patient where they are given.

    Attributes:
        of_file: The name of a patient by the name of a file.
        splits: The split by the name of a patient; None: to be drawn.
    """

    of_file: Mapping[str, str]
    splits: Mapping[str, str] | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """Patients numbered from 1 in the order of their names."""
        names = sorted(set(self.of_file.values()))
        return {name: number for number, name in enumerate(names, start=1)}

    def check_shares(
        self, shares: Sequence[float] | None, folds: int | None = None
    ) -> None:
        """Raise ValueError unless shares add up to 1 and are needed.

        Args:
            shares: Of train, val and test, or None.
            folds: Number of folds, or None.
        """
        if folds is not None and (shares is not None or self.splits):
            other = 'the column split' if self.splits else '`--split`'
            raise ValueError(
                f'`--folds` and {other} must not be given together, for '
                'either makes the splits. Leave out one of the two.'
            )
        if shares is None:
            return
        if self.splits is not None:
            raise ValueError(
                '`--split` must not be given where the table of patients '
                'has the column split. Leave out one of the two.'
            )
        good = len(shares) == 3 and np.isfinite(shares).all()
        if not good or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError(
                '`--split` must be three shares for train, val and test '
                f'that add up to 1, but got {list(shares)}.'
            )


def plain_name(name: str) -> str:
    """A file's name without its suffix."""
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def read_patients(path: str | os.PathLike, files: Iterable[str]) -> Patients:
    """Read the table of patients.

    Args:
        path: The CSV.
        files: Names of all files, without suffixes.

    Raises:
        FileNotFoundError: If there is no such CSV.
        ValueError: Names the CSV, the line and the column that is wrong, or
            the files that it lacks.
    """
    of_file: dict[str, str] = {}
    splits: dict[str, str] = {}
    known = set(files)
    for where, row in _rows(Path(path)):
        name = plain_name(row['file'])
        # A volume of nnU-Net goes by the name of its mask.
        name = name if name in known else name.removesuffix('_0000')
        if name not in known:
            raise ValueError(
                f'{where}: `file` must be one of the {len(known)} files that '
                f'are converted, as {min(known)!r}, but got {row["file"]!r}.'
            )
        if name in of_file:
            raise ValueError(f'{where}: {row["file"]!r} comes twice.')
        if not row['patient']:
            raise ValueError(f'{where}: `patient` must not be empty.')
        of_file[name] = row['patient']
        if 'split' in row:
            _enter_split(splits, row, where)
    lacking = sorted(known - set(of_file))
    if lacking:
        raise ValueError(
            f'{path} must name every file, but lacks {len(lacking)}: '
            f'{", ".join(lacking[:5])}.'
        )
    return Patients(of_file, splits or None)


def stated_patients(
    table: str | os.PathLike | None,
    pattern: str | None,
    files: Sequence[str],
) -> Patients | None:
    """The patients that a table or a pattern gives, None without both.

    Args:
        table: See `read_patients`.
        pattern: See `patients_by_pattern`.
        files: Names of all files, without suffixes.

    Raises:
        ValueError: Both are given, or one of them is wrong.
    """
    if table is not None and pattern is not None:
        raise ValueError(
            '`--patients` and `--patient-from` must not be given together, '
            'for either names the patients. Leave out one of the two.'
        )
    if table is not None:
        return read_patients(table, files)
    if pattern is not None:
        return Patients(patients_by_pattern(pattern, files))
    return None


def _enter_split(splits: dict[str, str], row: dict, where: str) -> None:
    split, patient = row['split'], row['patient']
    if split not in SPLIT_NAMES:
        raise ValueError(
            f'{where}: `split` must be one of {", ".join(SPLIT_NAMES)}, but '
            f'got {split!r}.'
        )
    if splits.setdefault(patient, split) != split:
        raise ValueError(
            f'{where}: patient {patient!r} must be in one split, but is in '
            f'{splits[patient]} and {split}.'
        )


def _rows(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Each row's place and its fields, stripped."""
    existing_file(path, '`--patients`')
    return list(
        read_rows(
            *(path, ('file', 'patient'), ' and, if you like, split'),
            optional=('split',),
        )
    )


def split_patients(
    lesions: Sequence[FoldLesion],
    images: Iterable[str],
    everyone: set[str],
    patients: Patients,
    options: VolumeOptions | SliceOptions,
    report: OwnDataReport,
) -> Mapping[str, str]:
    """The split of each patient: as given, of a fold, or drawn.

    Args:
        lesions: At least one; their patients are names.
        images: The patient of each key slice.
        everyone: All patients.
        patients: Has the splits that are given.
        options: Shares, folds and seed.
        report: Gets the folds.

    Raises:
        ValueError: If patients are too few.
    """
    if options.folds is not None and options.fold is not None:
        drawn = (options.folds, options.fold, options.seed)
        report.folds = deal_folds(lesions, images, everyone, *drawn)
        return report.folds.splits()
    with_lesions = {str(lesion.patient) for lesion in lesions}
    return patients.splits or draw_splits(
        with_lesions, everyone - with_lesions, options.split, options.seed
    )


def draw_splits(
    with_lesions: Iterable[str],
    without: Iterable[str],
    shares: Sequence[float] | None,
    seed: int,
) -> dict[str, str]:
    """Draw the split of each patient.

    Patients with lesions are dealt out on their own, so that every split of
    a share above 0 has some; those without follow by the same shares.

    Args:
        with_lesions: Names of patients with lesions.
        without: Names of patients without.
        shares: Of train, val and test, adding up to 1; None: `SPLIT`.
        seed: Of the draw; the order of names does not matter.

    Raises:
        ValueError: If patients are too few.
    """
    shares = SPLIT if shares is None else shares
    rng = np.random.default_rng(seed)
    splits = {}
    for names, share in ((with_lesions, 1), (without, 0)):
        names = sorted(names)
        needed = sum(value > 0 for value in shares)
        if share and len(names) < needed:
            raise ValueError(
                f'{needed} splits need {needed} patients with lesions at '
                f'least, but there {"is" if len(names) == 1 else "are"} '
                f'{len(names)}. Add patients, or give '
                'the splits that you do not need a share of 0, as in '
                '`--split 1 0 0`. Where folders and names mislead, '
                '`--patients` or `--patient-from` name the patients.'
            )
        shuffled = [names[k] for k in rng.permutation(len(names))]
        counts = (
            split_counts(len(names), shares)
            if share
            else np.diff(np.rint(np.cumsum([0, *shares]) * len(names)))
        )
        dealt = np.repeat(SPLIT_NAMES, np.asarray(counts, dtype=int))
        splits.update(zip(shuffled, dealt.tolist(), strict=True))
    return splits
