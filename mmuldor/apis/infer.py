"""Detect the lesions of a scan and write them to files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mmengine.config import Config
from rich.console import Console
from rich.progress import track

from mmuldor.apis.scan_inference import (
    InferenceSettings,
    ReadScan,
    ScanInference,
)
from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    load_calibration,
)
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.outputs import check_output_folder, replacing_outputs


def infer_scan(
    scan: str | os.PathLike,
    config: Config,
    checkpoint: str,
    out: str | os.PathLike,
    *,
    series_uid: str | None = None,
    spacing_mm: Sequence[float] | None = None,
    score_thr: float | None = None,
    calibration: str | os.PathLike | None = None,
    fps_per_image: float | None = None,
    sensitivity: float | None = None,
    tta: bool = False,
    step_mm: float | None = None,
    device: str | None = None,
    batch_size: int = 4,
    crop_to_body: bool = True,
    max_pictures: int = 20,
) -> tuple[list[Lesion], list[str]]:
    """Detect the lesions of a scan and write them to files.

    The files are those of :func:`mmuldor.scans.outputs.write_new_outputs`.

    Args:
        scan: NIfTI file, DICOM folder, or folder of PNG slices.
        config: From :func:`mmuldor.apis.load_config`.
        checkpoint: Weights of that config.
        out: Output folder; created if missing. The files of an earlier scan
            are replaced, others not touched.
        series_uid: SeriesInstanceUID, if the folder has several DICOM series.
        spacing_mm: Spacing of PNG slices: columns, rows, slices.
        score_thr: Detections below it are discarded. By default the threshold
            of the calibration's operating point, or 0.3 without calibration.
        calibration: File of ``tools/calibrate.py``; by default the config's
            ``calibration``.
        fps_per_image: Choose another operating point of the calibration by
            its FPs per image on the validation split.
        sensitivity: Or by its sensitivity on the validation split.
        tta: Average over the views of the config's ``tta``.
        step_mm: Detect only on one slice in this distance.
        device: 'cpu', 'cuda:0', ...
        batch_size: Slices in a batch.
        crop_to_body: See :class:`LesionDetector`.
        max_pictures: Maximum number of lesion figures.

    Returns:
        The lesions, sorted by descending score, and notes on what was
        repaired in the scan or left out of a file.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    settings = InferenceSettings(
        score_thr,
        calibration,
        fps_per_image,
        sensitivity,
        tta,
        step_mm,
        device,
        batch_size,
        max_pictures,
        crop_to_body,
    )
    fitted = _calibration(
        calibration or config.get('calibration'), fps_per_image, sensitivity
    )
    check_output_folder(out, scan)
    with replacing_outputs(out) as new:
        read = ReadScan.from_path(scan, series_uid, spacing_mm)
        inference = ScanInference(config, checkpoint, settings, fitted)
        return inference.write(new, read, _track)


def _calibration(
    path: str | os.PathLike | None,
    fps_per_image: float | None,
    sensitivity: float | None,
) -> CalibrationFile | None:
    if path is None:
        if fps_per_image is not None or sensitivity is not None:
            raise ValueError(
                'an operating point needs a calibration: give the file that '
                '`tools/calibrate.py` wrote with `--calibration`.'
            )
        return None
    fitted = load_calibration(path)
    point = fitted.choose(fps_per_image, sensitivity)
    return replace(fitted, operating_point=point)


def _track(items: Iterable, total: int, text: str) -> Iterable:
    console = Console(stderr=True)
    return track(items, text, total, console=console, transient=True)
