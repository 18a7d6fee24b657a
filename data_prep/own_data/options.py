"""Options of the commands."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mmuldor.functional.hounsfield import STORED_OFFSET

# Between abdomen and lung; a viewer's choice, the training has its own.
WINDOW_HU = (-160.0, 240.0)
SPLIT = (0.7, 0.15, 0.15)
# Whether the numbered files of a folder are slices of one scan.
YES, NO, AUTO = SERIES = ('yes', 'no', 'auto')


@dataclass(frozen=True)
class VolumeOptions:
    """The options of `volumes_to_coco.py`.

    Attributes:
        split: Shares of train, val and test; None: `SPLIT`.
        seed: Of the draw of patients.
        folds: Number of folds of a cross-validation, None for none.
        fold: The tested one, from 0.
        patients: CSV of files, patients and splits, or None.
        patient_from: Regular expression that finds the patient in a name.
        labels: Values of the masks that are lesions; None: the only one.
        all_labels: All values but 0 are lesions.
        instances: Whether a label is one lesion, in however many pieces; all
            of them are lesions unless `labels` says otherwise.
        every_slice: Key slices are all slices that a lesion covers.
        min_diameter_mm: Lesions whose long diameter is smaller are left out.
        box_margin_px: How far boxes reach beyond the mask.
        accept_values: Note values that cannot be HU, do not refuse them.
        neighbours: Slices written on each side of a key slice.
        window_hu: What viewers show.
        bad_volumes: error or drop.
    """

    split: Sequence[float] | None = None
    seed: int = 0
    folds: int | None = None
    fold: int | None = None
    patients: str | os.PathLike | None = None
    patient_from: str | None = None
    labels: Sequence[int] | None = None
    all_labels: bool = False
    instances: bool = False
    every_slice: bool = False
    min_diameter_mm: float = 0.0
    box_margin_px: float = 0.0
    accept_values: bool = False
    neighbours: int = 3
    window_hu: Sequence[float] = WINDOW_HU
    bad_volumes: str = 'error'


@dataclass(frozen=True)
class SliceOptions:
    """The options of `slices_to_coco.py`.

    Attributes:
        spacing_mm: Distance of columns, of rows and of slices, or None where
            every image says it.
        hu_slope: HU are `hu_slope * stored + hu_offset`.
        hu_offset: Likewise.
        offset_px: Where the centre of the first pixel lies in the boxes.
        split: Shares of train, val and test; None: `SPLIT`.
        seed: Of the draw of patients.
        folds: Number of folds of a cross-validation, None for none.
        fold: The tested one, from 0.
        patients: CSV of files, patients and splits, or None.
        patient_from: Regular expression that finds the patient in a name.
        lesion_category: Names or ids of the categories of lesions; None: the
            only one.
        series: Whether the numbered files of a folder are slices of a scan:
            yes, no, or auto, by their names and pictures.
        accept_values: Note values that cannot be HU, do not refuse them.
        neighbours: Slices written on each side of a key slice.
        window_hu: What viewers show.
    """

    spacing_mm: Sequence[float] | None = None
    hu_slope: float = 1.0
    hu_offset: float = -float(STORED_OFFSET)
    offset_px: float = 0.5
    split: Sequence[float] | None = None
    seed: int = 0
    folds: int | None = None
    fold: int | None = None
    patients: str | os.PathLike | None = None
    patient_from: str | None = None
    lesion_category: Sequence[str] | None = None
    series: str = AUTO
    accept_values: bool = False
    neighbours: int = 1
    window_hu: Sequence[float] = WINDOW_HU


def as_json(options: VolumeOptions | SliceOptions) -> dict[str, Any]:
    """Options as JSON has them, paths as text."""
    return {
        key: str(value) if isinstance(value, os.PathLike) else value
        for key, value in dataclasses.asdict(options).items()
    }
