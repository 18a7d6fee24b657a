"""FROC of a results file against an annotation file: figures and table."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmuldor.classes import FALSE_POSITIVE_CATEGORY
from mmuldor.evaluation.ground_truth import GroundTruth, load_ground_truth
from mmuldor.evaluation.results import Detections, load_detections
from mmuldor.functional.froc import (
    FP_RATES,
    FROCCurve,
    FROCSummary,
    Matched,
    append_fp_class,
    check_fp_rates,
    froc_curve,
    match,
    summarize,
)
from mmuldor.functional.matching import check_iou_thr

CONVENTION = (
    'detections pooled and sorted by score, tied scores as one step; widths '
    'inclusive (+1 px); a second hit on a lesion is neither true nor false '
    'positive; one box may hit several lesions; FPs divided by the number of '
    'images; linear interpolation, last sensitivity held'
)


@dataclass(frozen=True, eq=False)
class SliceEvaluation:
    """One FROC evaluation.

    Attributes:
        summary: The figures.
        curve: The curve.
        matched: The matched detections, for resampling.
        counts: How many images, lesions and detections were used and were not.
        iou_thr: A hit is an IoU of at least this.
        with_fp_class: Whether FP-class detections were appended.
    """

    summary: FROCSummary
    curve: FROCCurve
    matched: Matched
    counts: dict[str, int]
    iou_thr: float
    with_fp_class: bool


def evaluate_slices(
    truth: GroundTruth,
    detections: Detections,
    *,
    fp_rates: Sequence[float] = FP_RATES,
    iou_thr: float = 0.5,
    with_fp_class: bool = False,
) -> SliceEvaluation:
    """FROC of detections; those on images that do not count are ignored.

    Args:
        truth: The lesions.
        detections: Detections on any of `truth.all_images`.
        fp_rates: FPs per image to report, rising.
        iou_thr: A hit is an IoU of at least this.
        with_fp_class: Append the FP-class detections (see
            `append_fp_class`). By default they are ignored.

    Raises:
        ValueError: If a rate, the threshold or a detection is wrong.
    """
    counted = detections.select(np.isin(detections.image_ids, truth.images))
    is_fp = counted.categories == FALSE_POSITIVE_CATEGORY
    if with_fp_class:
        rows, tiers = append_fp_class(counted.boxes, counted.image_ids, is_fp)
    else:
        rows, tiers = ~is_fp, None
    used = counted.select(rows)
    matched = match(
        used.boxes,
        used.scores,
        used.image_ids,
        truth.lesion_boxes,
        truth.lesion_images,
        truth.images,
        iou_thr=iou_thr,
        det_tiers=tiers,
    )
    curve = froc_curve(matched)
    kept_fps = int((used.categories == FALSE_POSITIVE_CATEGORY).sum())
    counts = {
        'images': len(truth.images),
        'lesions': len(truth.lesion_images),
        'detections': len(used),
        'detections_fp_class': kept_fps,
        'ignored_fp_class': int(is_fp.sum()) - kept_fps,
        'ignored_on_dropped_images': len(detections) - len(counted),
        'noisy_images_dropped': truth.noisy_images,
        'noisy_lesions_dropped': truth.noisy_lesions,
    }
    return SliceEvaluation(
        summarize(curve, fp_rates),
        curve,
        matched,
        counts,
        iou_thr,
        with_fp_class,
    )


def evaluation_dict(evaluation: SliceEvaluation) -> dict[str, Any]:
    """The evaluation as JSON: fractions at full precision."""
    summary = evaluation.summary
    return {
        'fp_rates': list(summary.fp_rates),
        'sensitivity': list(summary.sensitivity),
        'mean': summary.mean,
        'max_sensitivity': summary.max_sensitivity,
        'fps_at_max': summary.fps_at_max,
        'counts': evaluation.counts,
        'iou_thr': evaluation.iou_thr,
        'with_fp_class': evaluation.with_fp_class,
        'convention': CONVENTION,
    }


def format_table(evaluation: SliceEvaluation) -> str:
    """The evaluation as a table of text, sensitivities in percent."""
    summary, counts = evaluation.summary, evaluation.counts
    head = [f'{rate:g}' for rate in summary.fp_rates] + ['mean', 'max']
    figures = [*summary.sensitivity, summary.mean, summary.max_sensitivity]
    cells = [f'{100 * figure:.2f}' for figure in figures]
    name = 'FROC + FP' if evaluation.with_fp_class else 'FROC'
    lines = [
        f'{name}: {counts["images"]} images, {counts["lesions"]} lesions, '
        f'{counts["detections"]} detections, IoU >= {evaluation.iou_thr:g}',
        'FPs per image ' + ''.join(f'{cell:>7}' for cell in head),
        'sensitivity % ' + ''.join(f'{cell:>7}' for cell in cells),
        f'mean over 0.5, 1, 2, 4; max first reached at '
        f'{summary.fps_at_max:.2f} FPs per image',
    ]
    not_used = [
        f'{counts[key]} {words}'
        for key, words in _NOT_USED.items()
        if counts[key]
    ]
    if not_used:
        lines.append('not used: ' + ', '.join(not_used))
    return '\n'.join(lines)


def evaluate_slice_files(
    ann_file: str | os.PathLike,
    results_file: str | os.PathLike,
    *,
    fp_rates: Sequence[float] = FP_RATES,
    iou_thr: float = 0.5,
    with_fp_class: bool = False,
    keep_noisy: bool = False,
) -> SliceEvaluation:
    """FROC of a results file against an annotation file.

    Args:
        ann_file: Read by `load_ground_truth`.
        results_file: Read by `load_detections`.
        fp_rates: See `evaluate_slices`.
        iou_thr: See `evaluate_slices`.
        with_fp_class: See `evaluate_slices`.
        keep_noisy: Count lesions too whose annotation is noisy.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file or an argument is wrong.
    """
    # Before large files are read.
    check_fp_rates(fp_rates)
    check_iou_thr(iou_thr)
    truth = load_ground_truth(ann_file, keep_noisy=keep_noisy)
    return evaluate_slices(
        truth,
        load_detections(results_file, truth.all_images),
        fp_rates=fp_rates,
        iou_thr=iou_thr,
        with_fp_class=with_fp_class,
    )


_NOT_USED = {
    'noisy_lesions_dropped': 'noisy lesions',
    'noisy_images_dropped': 'images with noisy lesions only',
    'ignored_on_dropped_images': 'detections on other images',
    'ignored_fp_class': 'detections of the FP class',
}
