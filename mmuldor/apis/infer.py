"""Detect the lesions of a scan and write them to files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from mmengine.config import Config

from mmuldor.apis.bundle.load import ModelBundle, load_bundle
from mmuldor.apis.configs.loading import load_config
from mmuldor.apis.scan_inference import (
    InferenceSettings,
    ReadingOptions,
    ReadScan,
    ScanInference,
)
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.use_on_volumes import (
    calibration_for_volumes,
)
from mmuldor.io import progress
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.outputs import check_output_folder, replacing_outputs


def infer_scan(
    scan: str | os.PathLike,
    config: Config,
    checkpoint: str | ModelBundle,
    out: str | os.PathLike,
    *,
    series_uid: str | None = None,
    spacing_mm: Sequence[float] | None = None,
    accept_values: bool = False,
    score_thr: float | None = None,
    calibration: str | os.PathLike | None = None,
    fps_per_volume: float | None = None,
    sensitivity: float | None = None,
    tta: bool = False,
    step_mm: float | None = None,
    device: str | None = None,
    batch_size: int = 4,
    crop_to_body: bool = True,
    max_pictures: int = 20,
    truth: str | os.PathLike | None = None,
) -> tuple[list[Lesion], list[str]]:
    """Detect the lesions of a scan and write them to files.

    The files are those of :func:`mmuldor.scans.outputs.write_new_outputs`.

    Args:
        scan: NIfTI file, DICOM folder, or folder of PNG slices.
        config: From :func:`mmuldor.apis.load_config`, or of a bundle.
        checkpoint: Weights of that config, or the bundle from
            :func:`mmuldor.apis.load_bundle`.
        out: Output folder; created if missing. The files of an earlier scan
            are replaced, others not touched.
        series_uid: SeriesInstanceUID, if the folder has several DICOM series.
        spacing_mm: Spacing of PNG slices: columns, rows, slices. Other scans
            state their own, and are refused with it.
        accept_values: Note values that cannot be HU, do not refuse them.
        score_thr: Lesions below it are discarded. By default the threshold
            of the calibration's operating point, or 0.3 without calibration.
        calibration: File of ``tools/calibrate.py --volumes``; by default the
            bundle's, or the config's ``calibration``. One of key slices is
            left out with a note, and lesions then have no probability.
        fps_per_volume: Choose another operating point of the calibration by
            its FPs per volume on the validation split.
        sensitivity: Or by its sensitivity on the validation split.
        tta: Average over the views of the config's ``tta``.
        step_mm: Detect only on one slice in this distance.
        device: 'cpu', 'cuda:0', ...
        batch_size: Slices in a batch.
        crop_to_body: See :class:`LesionDetector`.
        max_pictures: Maximum number of lesion figures.
        truth: ``volumes.json`` with true lesions of a volume of the scan's
            name: the page then says what is found and missed.

    Returns:
        The lesions, sorted by descending score, and notes on what was
        repaired in the scan or left out of a file.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    reading = ReadingOptions(series_uid, spacing_mm, accept_values)
    settings = InferenceSettings(
        score_thr=score_thr,
        calibration=calibration,
        fps_per_volume=fps_per_volume,
        sensitivity=sensitivity,
        tta=tta,
        step_mm=step_mm,
        device=device,
        batch_size=batch_size,
        max_pictures=max_pictures,
        crop_to_body=crop_to_body,
        truth=truth,
    )
    # Before the scan is read, which takes longer.
    fitted = _fitted(config, checkpoint, settings)
    check_output_folder(out, scan)
    with replacing_outputs(out) as new:
        read = ReadScan.from_path(scan, reading)
        inference = ScanInference(config, checkpoint, settings, *fitted)
        return inference.write(new, read, progress_bar)


def load_model(
    config: str | None, checkpoint: str | None, bundle: str | None
) -> tuple[Config, str | ModelBundle]:
    """What :func:`infer_scan` takes, of a bundle or of two files.

    Args:
        config: Config file.
        checkpoint: Its weights.
        bundle: File of ``mmuldor publish``, in place of both.

    Raises:
        FileNotFoundError: If a file does not exist.
        ValueError: If a file is wrong.
    """
    if bundle is not None:
        loaded = load_bundle(bundle)
        return loaded.config, loaded
    return load_config(str(config)), str(checkpoint)


def load_inference(
    config: Config,
    checkpoint: str | ModelBundle,
    settings: InferenceSettings,
) -> ScanInference:
    """The detector of a config with its calibration, for any scans.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is wrong, or does not fit the config.
    """
    fitted = _fitted(config, checkpoint, settings)
    return ScanInference(config, checkpoint, settings, *fitted)


def _fitted(
    config: Config,
    checkpoint: str | ModelBundle,
    settings: InferenceSettings,
) -> tuple[CalibrationFile | None, list[str]]:
    """The calibration with its operating point, and notes about it."""
    given = settings.calibration or config.get('calibration')
    if given is None and isinstance(checkpoint, ModelBundle):
        given = checkpoint.calibration
    return calibration_for_volumes(
        given,
        settings.fps_per_volume,
        settings.sensitivity,
        settings.score_thr,
    )


def progress_bar(items: Iterable, total: int, text: str) -> Iterable:
    """:func:`mmuldor.io.progress.progress_bar`, as scans call it."""
    return progress.progress_bar(items, text, total)
