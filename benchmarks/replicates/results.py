"""Figures of finished replicates, and their differences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.replicates.units import Unit
from benchmarks.study.outcomes import CUT_FPS, load_outcomes
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.io.json_files import read_json

# Method and percentage of lesions without annotation.
Arm = tuple[str, int]


@dataclass(frozen=True, eq=False)
class Replicate:
    """The results of all trainings of a phantom.

    Attributes:
        name: Of the phantom.
        records: The JSON of each training, by arm.
        outcomes: Its outcomes, by arm and kind of evaluation.
    """

    name: str
    records: dict[Arm, dict]
    outcomes: dict[Arm, dict[str, RankedDetections]]

    @property
    def num_images(self) -> int:
        """The number of test images."""
        record = next(iter(self.records.values()))
        return record['figures']['lesion']['counts']['images']

    def sensitivity(
        self, arm: Arm, fp_rates: Iterable[float], kind: str = 'lesion'
    ) -> np.ndarray:
        """Sensitivity at FPs per image, then the mean over 0.5, 1, 2 and 4.

        Returns:
            (r + 1,) fractions.
        """
        once = np.ones(self.num_images)
        return self.outcomes[arm][kind].figures(list(fp_rates), once)

    def mean(self, arm: Arm, kind: str = 'lesion') -> float:
        """Mean sensitivity at 0.5, 1, 2 and 4 FPs per image."""
        return float(self.sensitivity(arm, (), kind)[-1])

    def end(self, arm: Arm, kind: str) -> float:
        """FPs per image at the end of the curve."""
        return self.outcomes[arm][kind].curve_end(self.num_images)


def load_replicates(folder: Path, units: Iterable[Unit]) -> list[Replicate]:
    """Read the phantoms whose trainings are all done."""
    read = [(unit, load_replicate(folder, unit)) for unit in units]
    return [r for unit, r in read if len(r.records) == len(unit.pieces)]


def load_replicate(folder: Path, unit: Unit) -> Replicate:
    """Read the trainings of a phantom that are done."""
    paths = {
        (piece.method, piece.missing): folder
        / unit.name
        / f'{piece.name}.json'
        for piece in unit.pieces
    }
    paths = {arm: path for arm, path in paths.items() if path.is_file()}
    return Replicate(
        unit.name,
        {arm: read_json(path) for arm, path in paths.items()},
        {
            arm: load_outcomes(path.with_suffix('.npz'))
            for arm, path in paths.items()
        },
    )


def differences(
    replicates: Iterable[Replicate], first: Arm, second: Arm
) -> np.ndarray:
    """Mean sensitivity of the second arm minus the first, (n,) fractions."""
    return np.array([r.mean(second) - r.mean(first) for r in replicates])


@dataclass(frozen=True)
class Tail:
    """What a list finds between `CUT_FPS` and the end of the FP class.

    Attributes:
        end: FPs per image at the end.
        classed: Sensitivity there of HNEM's lesion class up to the cut with
            the FP class below it.
        hnem: Of HNEM's own detections of lower scores.
        sham: Of the sham's.
        hnem_cut: Of HNEM at the cut.
        sham_cut: Of the sham at the cut.
    """

    end: float
    classed: float
    hnem: float
    sham: float
    hnem_cut: float
    sham_cut: float


def tail(replicate: Replicate, missing: int) -> Tail:
    """Compare the FP class with equally many FPs of the sham and of HNEM.

    Where one of the three lists ends earlier than the others, all are read
    there.
    """
    hnem, sham = ('hnem', missing), ('sham', missing)
    lists = ((hnem, 'cut_with_fp'), (hnem, 'lesion'), (sham, 'lesion'))
    end = min(replicate.end(*one) for one in lists)
    at = [replicate.sensitivity(arm, (end,), k)[0] for arm, k in lists]
    cut = [replicate.sensitivity(a, (CUT_FPS,))[0] for a in (hnem, sham)]
    return Tail(end, *map(float, (*at, *cut)))
