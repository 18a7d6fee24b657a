"""Calibrate a detector by its results on a validation split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.fp_interval import rate_interval
from mmuldor.evaluation.calibration.isotonic import (
    cross_validated,
    fit_isotonic,
)
from mmuldor.evaluation.calibration.operating_points import (
    OperatingPoint,
    choose_point,
    operating_points,
    point_at_fps,
    thinned,
)
from mmuldor.evaluation.calibration.quality import (
    brier_score,
    brier_skill,
    calibration_error,
)
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.evaluation.slice_froc import SliceEvaluation
from mmuldor.evaluation.volume_detections import (
    VolumeDetections,
    without_overlaps,
)
from mmuldor.evaluation.volume_froc import evaluate_volumes
from mmuldor.functional.matching import Matched
from mmuldor.functional.matching_3d import IOU_THR
from mmuldor.io.volume_annotations import TrueVolume

# The operating point where none is chosen. A whole volume has more places for
# a false positive than a slice has.
DEFAULT_FPS = {'image': 1.0, 'volume': 4.0}
# Lesions of this 3-D IoU are one and the same; see `fit_volume_calibration`.
OVERLAP_IOU = 0.2


@dataclass(frozen=True, eq=False)
class Fit:
    """A calibration and what was held out of it.

    Attributes:
        file: What the calibration file holds.
        unseen: Probabilities of the detections from fits on other patients,
            (n,); without repeated hits, and without those that nothing else
            could be fitted for.
        unseen_hits: Whether each of them hits a lesion, (n,) bool.
    """

    file: CalibrationFile
    unseen: np.ndarray
    unseen_hits: np.ndarray


def fit_calibration(
    evaluation: SliceEvaluation,
    patients: np.ndarray,
    *,
    fps_per_image: float | None = None,
    sensitivity: float | None = None,
) -> Fit:
    """Calibrate a detector by its results on key slices.

    Args:
        evaluation: FROC of the detector on the split.
        patients: The patient of each of its images, (k,), see
            `mmuldor.evaluation.ground_truth.patients_of`.
        fps_per_image: Maximum FPs per image of the operating point; 1 if
            neither this nor `sensitivity` is given.
        sensitivity: Or its minimum sensitivity.

    Raises:
        ValueError: There is no detection or no such operating point.
    """
    names = ('images', 'lesions', 'detections')
    counts = {name: evaluation.counts[name] for name in names}
    return _fit(
        evaluation.matched, patients, 'image', counts, fps_per_image,
        sensitivity,
    )  # fmt: skip


def fit_volume_calibration(
    volumes: Sequence[TrueVolume],
    detections: VolumeDetections,
    settings: RunSettings | None = None,
    *,
    hit: str = 'iou',
    iou_thr: float = IOU_THR,
    fps_per_volume: float | None = None,
    sensitivity: float | None = None,
) -> Fit:
    """Calibrate a detector by its lesions in volumes.

    Boxes of a slice that overlap a little less than NMS allows are joined to
    several lesions over one another. Of lesions with a 3-D IoU of
    `OVERLAP_IOU` the highest-scoring one counts, here and wherever the
    calibration is used; else one finding would have several probabilities.

    Args:
        volumes: The volumes of the split.
        detections: Their lesions.
        settings: How the detector ran; None if unknown.
        hit: See `mmuldor.evaluation.volume_froc.evaluate_volumes`.
        iou_thr: The same.
        fps_per_volume: Maximum FPs per volume of the operating point; 4 if
            neither this nor `sensitivity` is given.
        sensitivity: Or its minimum sensitivity.

    Raises:
        ValueError: There is no detection or no such operating point.
    """
    kept = without_overlaps(detections, OVERLAP_IOU)
    evaluation = evaluate_volumes(volumes, kept, hit=hit, iou_thr=iou_thr)
    patients = np.array([volume.patient for volume in volumes])
    names = ('volumes', 'volumes_without_lesions', 'lesions', 'detections')
    counts = {name: evaluation.counts[name] for name in names}
    counts['patients'] = len(np.unique(patients))
    counts['overlapping'] = len(detections.scores) - len(kept.scores)
    fit = _fit(
        evaluation.matched, patients, 'volume', counts, fps_per_volume,
        sensitivity,
    )  # fmt: skip
    heights = [v.grid.shape[0] * v.grid.spacing_mm[2] for v in volumes]
    file = replace(
        fit.file,
        settings=settings,
        heights_mm=(float(min(heights)), float(max(heights))),
        overlap_iou=OVERLAP_IOU,
        hit={
            'hit': evaluation.hit,
            'iou_thr': evaluation.iou_thr if evaluation.hit == 'iou' else None,
        },
    )
    return replace(fit, file=file)


def _fit(
    matched: Matched,
    patients: np.ndarray,
    unit: str,
    counts: Mapping[str, float],
    fps: float | None,
    sensitivity: float | None,
) -> Fit:
    # Numbers are faster to compare than names.
    patients = np.unique(patients, return_inverse=True)[1]
    counts = {**counts, 'repeats': int(repeated_hits(matched).sum())}
    counted = ~repeated_hits(matched)
    scores, hits = matched.det_score[counted], ~matched.det_is_fp[counted]
    if not len(scores):
        raise ValueError(
            'calibration needs detections of lesions, but in '
            f'{counts[f"{unit}s"]} {unit}s nothing was found. Detect with a '
            'lower score threshold, or check the checkpoint.'
        )
    calibration = fit_isotonic(scores, hits)
    unseen = cross_validated(
        scores, hits, patients[matched.det_image[counted]]
    )
    known = np.isfinite(unseen)
    points = operating_points(matched)
    chosen = choose_point(points, fps, sensitivity)
    chosen = chosen or point_at_fps(points, DEFAULT_FPS[unit])
    reported = known & (scores >= chosen.score_thr)
    file = CalibrationFile(
        calibration,
        _with_interval(chosen, matched, patients),
        [_with_interval(p, matched, patients) for p in thinned(points)],
        counts,
        _brier(scores[known], unseen[known], hits[known]),
        unit=unit,
        quality=_quality(unseen[known], hits[known])
        | _means(unseen[reported], hits[reported]),
    )
    return Fit(file, unseen[known], hits[known])


def repeated_hits(matched: Matched) -> np.ndarray:
    """Which detections hit only lesions that a higher one hits, (n,) bool.

    They are neither true nor false positives in FROC, so they are left out
    here too. Several lesions of an output may be one and the same; counted
    as hits, they would make the probabilities sum to more lesions than there
    are.
    """
    first = np.zeros(len(matched.det_is_fp), dtype=bool)
    found = matched.lesion_detection[matched.lesion_detection >= 0]
    first[found] = True
    repeats: np.ndarray = ~matched.det_is_fp & ~first
    return repeats


def _brier(
    scores: np.ndarray, probabilities: np.ndarray, hits: np.ndarray
) -> dict[str, float]:
    """Nothing where a single patient leaves nothing to compare with."""
    if not len(hits):
        return {}
    return {
        'score': brier_score(scores, hits),
        'calibrated': brier_score(probabilities, hits),
    }


def _quality(
    probabilities: np.ndarray, hits: np.ndarray
) -> dict[str, float | None]:
    if not len(hits):
        return {'brier_skill': None, 'calibration_error': None}
    return {
        'brier_skill': brier_skill(probabilities, hits),
        'calibration_error': calibration_error(probabilities, hits),
    }


def _means(
    probabilities: np.ndarray, hits: np.ndarray
) -> dict[str, float | None]:
    """Of the detections at the operating point."""
    some = len(hits) > 0
    return {
        'mean_probability': float(probabilities.mean()) if some else None,
        'share_of_hits': float(hits.mean()) if some else None,
    }


def _with_interval(
    point: OperatingPoint, matched: Matched, patients: np.ndarray
) -> OperatingPoint:
    rows = matched.det_is_fp & (matched.det_score >= point.score_thr)
    fps = np.bincount(matched.det_image[rows], minlength=len(patients))
    return replace(point, fps_95=rate_interval(fps, patients))
