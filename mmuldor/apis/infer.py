"""From a scan to files of its lesions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from mmengine.config import Config
from rich.console import Console
from rich.progress import track

from mmuldor.apis.detector import LesionDetector
from mmuldor.functional.lesions import Lesion
from mmuldor.io.dicom_seg import write_dicom_seg
from mmuldor.io.lesions import (
    label_volume,
    write_lesions_csv,
    write_lesions_json,
)
from mmuldor.io.nifti import write_label_nifti
from mmuldor.io.scan import read_scan
from mmuldor.report.lesion_figure import lesion_figure
from mmuldor.report.panels import save_figure
from mmuldor.report.volume_page import write_volume_page


def infer_scan(
    scan: str | os.PathLike,
    config: Config,
    checkpoint: str,
    out: str | os.PathLike,
    *,
    series_uid: str | None = None,
    spacing_mm: Sequence[float] | None = None,
    score_thr: float = 0.3,
    device: str | None = None,
    batch_size: int = 4,
    max_pictures: int = 20,
) -> tuple[list[Lesion], list[str]]:
    """Find the lesions of a scan and write them.

    Writes ``lesions.json``, ``lesions.csv``, ``labels.nii.gz`` (aligned with
    the scan; 1 is the first lesion), ``lesion_001.png`` and so on,
    ``report.html`` (the volume with its lesions, to scroll through in a
    browser), and of a DICOM series ``lesions.dcm``, a Segmentation object.

    Args:
        scan: NIfTI file, DICOM folder, or folder of PNG slices.
        config: From :func:`mmuldor.apis.load_config`.
        checkpoint: Weights of that config.
        out: Folder; made where missing.
        series_uid: Which of several DICOM series.
        spacing_mm: Of PNG slices: columns, rows, slices.
        score_thr: Detections below do not exist.
        device: 'cpu', 'cuda:0', ...
        batch_size: Slices at a time.
        max_pictures: Pictures of the surest so many lesions.

    Returns:
        The lesions, the surest first, and what was repaired in the scan or
        left out of a file.

    Raises:
        FileNotFoundError: If an input is missing.
        ValueError: If an input is wrong.
    """
    volume, notes = read_scan(
        scan, series_uid=series_uid, spacing_mm=spacing_mm
    )
    detector = LesionDetector(config, checkpoint, device, score_thr)
    lesions = detector.detect(
        volume,
        batch_size=batch_size,
        progress=lambda items, total: _track(items, total, 'detecting'),
    )
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    shown = list(enumerate(lesions[:max_pictures], start=1))
    for number, lesion in _track(shown, len(shown), 'drawing'):
        figure = lesion_figure(lesion, volume, number)
        save_figure(figure, out / f'lesion_{number:03d}.png')
    write_label_nifti(
        out / 'labels.nii.gz', label_volume(lesions, volume), volume
    )
    if volume.dicom_files:
        notes += write_dicom_seg(out / 'lesions.dcm', lesions, volume)
    write_volume_page(
        out / 'report.html',
        lesions,
        volume,
        notes,
        progress=lambda items, total: _track(items, total, 'writing report'),
    )
    write_lesions_csv(out / 'lesions.csv', lesions)
    # Last: where it is, the others are.
    write_lesions_json(out / 'lesions.json', lesions, volume, notes)
    return lesions, notes


def _track(items: Iterable, total: int, text: str) -> Iterable:
    console = Console(stderr=True)
    return track(items, text, total, console=console, transient=True)
