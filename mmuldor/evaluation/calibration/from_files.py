"""Calibrate a detector from the files of its results."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence

from mmuldor.evaluation.calibration.fitting import (
    Fit,
    fit_calibration,
    fit_volume_calibration,
)
from mmuldor.evaluation.calibration.run_settings import common_settings
from mmuldor.evaluation.ground_truth import GroundTruth, patients_of
from mmuldor.evaluation.results import load_detections
from mmuldor.evaluation.slice_froc import evaluate_results
from mmuldor.evaluation.volume_detections import load_volume_detections
from mmuldor.functional.matching_3d import IOU_THR, check_hit
from mmuldor.io.annotations import load_annotations
from mmuldor.io.volume_annotations import load_volumes


def calibrate_slices(
    ann_file: str | os.PathLike,
    results_file: str | os.PathLike,
    *,
    fps: float | None = None,
    sensitivity: float | None = None,
    lesion_category: Sequence[str] | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Fit:
    """Calibrate a detector by its results on key slices.

    Args:
        ann_file: Annotations of a validation split, of ours or any COCO file.
        results_file: Results JSON of ``tools/test.py``.
        fps: FPs per image of the operating point.
        sensitivity: Or its sensitivity.
        lesion_category: Names or ids of the categories of lesions, where the
            annotation file has several.
        say: Gets a sentence about what is odd about the results.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is wrong, or there is no such operating point.
    """
    document = load_annotations(
        ann_file, boxes_only=True, lesion_category=lesion_category
    )
    truth = GroundTruth.of(document, ann_file)
    detections = load_detections(results_file, truth.all_images, truth.names)
    evaluation = evaluate_results(truth, detections)
    for note in evaluation.notes:
        say(note)
    return fit_calibration(
        evaluation,
        patients_of(document, truth),
        fps_per_image=fps,
        sensitivity=sensitivity,
    )


def calibrate_volumes(
    volumes_file: str | os.PathLike,
    paths: Iterable[str | os.PathLike],
    split: str = 'val',
    hit: str = 'iou',
    iou_thr: float = IOU_THR,
    *,
    fps: float | None = None,
    sensitivity: float | None = None,
) -> Fit:
    """Calibrate a detector by its lesions in volumes.

    Args:
        volumes_file: A ``volumes.json``.
        paths: `lesions.json` files of runs with a low score threshold, or
            folders of them.
        split: The volumes that count; 'all' counts those of all splits.
        hit: See `mmuldor.evaluation.volume_froc.evaluate_volumes`.
        iou_thr: The same.
        fps: FPs per volume of the operating point.
        sensitivity: Or its sensitivity.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is wrong, runs had different settings, or there is
            no such operating point.
    """
    check_hit(hit, iou_thr)
    volumes = load_volumes(volumes_file, split)
    detections = load_volume_detections(paths, volumes)
    return fit_volume_calibration(
        volumes,
        detections,
        common_settings(detections.provenance),
        hit=hit,
        iou_thr=iou_thr,
        fps_per_volume=fps,
        sensitivity=sensitivity,
    )
