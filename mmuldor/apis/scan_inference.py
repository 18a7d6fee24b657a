"""A detector and its settings, for one scan after the other."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from mmengine.config import Config

from mmuldor.apis.bundle.load import ModelBundle
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.apis.provenance import file_facts, files_state, model_provenance
from mmuldor.apis.settings import check_device, check_settings
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.evaluation.calibration.use_on_volumes import (
    height_notes,
    settings_notes,
)
from mmuldor.evaluation.volume_detections import true_boxes
from mmuldor.functional.arrays import Floats
from mmuldor.io.file_set import NewSet
from mmuldor.io.progress import Progress, no_progress
from mmuldor.io.volume_annotations import VolumeGrid, load_volumes
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.outputs import write_new_outputs
from mmuldor.scans.reading import read_scan
from mmuldor.scans.volume import Volume


@dataclass(frozen=True)
class InferenceSettings:
    """What a user chooses; see :func:`mmuldor.apis.infer.infer_scan`.

    Attributes:
        score_thr: Score threshold; None takes that of the calibration.
        calibration: Calibration file; None takes that of the config.
        fps_per_volume: Operating point by FPs per volume.
        sensitivity: Or by sensitivity.
        tta: Average over the views of the config's ``tta``.
        step_mm: Detect only on one slice in this distance.
        device: 'cpu', 'cuda:0', ...
        batch_size: Slices in a batch.
        max_pictures: Maximum number of lesion figures.
        crop_to_body: See :class:`LesionDetector`.
        truth: ``volumes.json`` with true lesions, for the page.

    Raises:
        ValueError: If a value is out of range.
    """

    score_thr: float | None = None
    calibration: str | os.PathLike | None = None
    fps_per_volume: float | None = None
    sensitivity: float | None = None
    tta: bool = False
    step_mm: float | None = None
    device: str | None = None
    batch_size: int = 4
    max_pictures: int = 20
    crop_to_body: bool = True
    truth: str | os.PathLike | None = None

    def __post_init__(self) -> None:
        check_settings(
            score_thr=self.score_thr,
            fps_per_volume=self.fps_per_volume,
            sensitivity=self.sensitivity,
            step_mm=self.step_mm,
            batch_size=self.batch_size,
            max_pictures=self.max_pictures,
        )
        check_device(self.device)


@dataclass(frozen=True)
class ReadingOptions:
    """How scans are read; see :func:`mmuldor.scans.reading.read_scan`.

    Attributes:
        series_uid: SeriesInstanceUID of one of several DICOM series.
        spacing_mm: Spacing of PNG slices: columns, rows, slices.
        accept_values: Note values that cannot be HU, do not refuse them.
        one_of_many: The scan is one of many that share these options.
    """

    series_uid: str | None = None
    spacing_mm: Sequence[float] | None = None
    accept_values: bool = False
    one_of_many: bool = False

    def facts(self, path: str | os.PathLike) -> dict[str, Any]:
        """What is read and how, for the provenance of a scan."""
        spacing_mm = self.spacing_mm and [float(v) for v in self.spacing_mm]
        return {
            'source_files': files_state(path),
            'requested_series_uid': self.series_uid,
            'requested_spacing_mm': spacing_mm,
            'accept_values': self.accept_values,
        }


@dataclass(frozen=True, eq=False)
class ReadScan:
    """A scan in memory.

    Attributes:
        volume: The volume.
        notes: What was left out or repaired.
        facts: How and when it was read, for its provenance.
        seconds: How long that took.
    """

    volume: Volume
    notes: list[str]
    facts: dict[str, Any]
    seconds: float

    @classmethod
    def from_path(
        cls,
        path: str | os.PathLike,
        options: ReadingOptions,
    ) -> ReadScan:
        """Read a scan; see :func:`mmuldor.scans.reading.read_scan`."""
        start = time.monotonic()
        facts = {
            **options.facts(path),
            'date': datetime.now().astimezone().isoformat(timespec='seconds'),
        }
        volume, notes = read_scan(
            path,
            series_uid=options.series_uid,
            spacing_mm=options.spacing_mm,
            accept_values=options.accept_values,
            one_of_many=options.one_of_many,
        )
        return cls(volume, notes, facts, time.monotonic() - start)


class ScanInference:
    """Finds the lesions of scans and writes them to files.

    Args:
        config: From :func:`mmuldor.apis.load_config`.
        checkpoint: Weights of that config, or the bundle that it is of.
        settings: What the user chose.
        fitted: The calibration with its operating point, if any.
        notes: About the calibration, for each scan.

    Attributes:
        provenance: See :func:`mmuldor.apis.provenance.model_provenance`.
        notes: About the calibration and the settings, the same for each scan.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If it does not fit the config.
    """

    def __init__(
        self,
        config: Config,
        checkpoint: str | ModelBundle,
        settings: InferenceSettings,
        fitted: CalibrationFile | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self._settings, self._fitted = settings, fitted
        calibration = settings.calibration or config.get('calibration')
        if fitted is None:
            # One of key slices is not used.
            calibration = None
        self._detector = LesionDetector(
            # A copy: building a model may change its config.
            copy.deepcopy(config),
            checkpoint.weights
            if isinstance(checkpoint, ModelBundle)
            else checkpoint,
            settings.device,
            settings.score_thr,
            fitted,
            settings.tta,
            crop_to_body=settings.crop_to_body,
        )
        self.provenance = model_provenance(
            config,
            checkpoint,
            calibration,
            next(self._detector.model.parameters()).device,
            settings.tta,
            {
                'score_thr': self._detector.score_thr,
                'slice_score_thr': self._detector.slice_score_thr,
                'fps_per_volume': settings.fps_per_volume,
                'sensitivity': settings.sensitivity,
                'step_mm': settings.step_mm,
                'batch_size': settings.batch_size,
                'crop_to_body': settings.crop_to_body,
            },
        )
        self._truth = settings.truth and load_volumes(settings.truth)
        if settings.truth:
            # A page without it is not done again, else.
            self.provenance['truth'] = file_facts(settings.truth)
        if fitted is None:
            self.provenance['calibration'] = None
        self.notes = list(notes)
        if fitted is not None:
            run = RunSettings.of_provenance(self.provenance)
            self.notes += settings_notes(fitted, run)

    def detect(
        self,
        scan: ReadScan,
        progress: Progress = no_progress,
    ) -> list[Lesion]:
        """The lesions of a scan, the highest-scoring one first."""
        return self._detector.detect(
            scan.volume,
            batch_size=self._settings.batch_size,
            step_mm=self._settings.step_mm,
            progress=lambda items, total: progress(items, total, 'detecting'),
        )

    def scan_notes(self, scan: ReadScan) -> list[str]:
        """Whether the calibration holds for a scan."""
        if self._fitted is None:
            return []
        height_mm = len(scan.volume.hu) * scan.volume.spacing_mm[2]
        return height_notes(self._fitted, height_mm)

    def write(
        self,
        new: NewSet,
        scan: ReadScan,
        progress: Progress = no_progress,
    ) -> tuple[list[Lesion], list[str]]:
        """Detect the lesions of a scan and write all its files.

        Args:
            new: From :func:`mmuldor.scans.outputs.replacing_outputs`.
            scan: The scan.
            progress: Wraps the items of long loops.

        Returns:
            The lesions, and notes on what was repaired in the scan or left
            out of a file.
        """
        start = time.monotonic()
        lesions = self.detect(scan, progress)
        about_fit = [*self.notes, *self.scan_notes(scan)]
        truth_mm, unknown = self._true_boxes(scan.volume)
        about_fit += unknown
        notes = write_new_outputs(
            *(new, lesions, scan.volume, about_fit + scan.notes),
            provenance=lambda: {
                **self.provenance,
                **scan.facts,
                'duration_s': round(
                    scan.seconds + time.monotonic() - start, 1
                ),
            },
            max_figures=self._settings.max_pictures,
            truth_mm=truth_mm,
            progress=progress,
        )
        return lesions, notes

    def _true_boxes(self, volume: Volume) -> tuple[Floats | None, list[str]]:
        """Boxes of the true lesions of a scan, and a note without any."""
        if not self._truth:
            return None, []
        grid = VolumeGrid(
            volume.shape, np.array(volume.spacing_mm), volume.affine
        )
        boxes = true_boxes(volume.source, grid, self._truth)
        if boxes is not None:
            return boxes, []
        name = os.path.basename(self._settings.truth or '')
        return None, [
            f'{name} has no volume of the name of this scan: its page does '
            'not say what was missed'
        ]
