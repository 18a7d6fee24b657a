"""FROC of a results file against an annotation file: figures and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmuldor.classes import FALSE_POSITIVE_CATEGORY
from mmuldor.commands import command_line
from mmuldor.evaluation.doubts import doubts
from mmuldor.evaluation.folds import Paths, load_fold_annotations
from mmuldor.evaluation.ground_truth import GroundTruth
from mmuldor.evaluation.results import Detections
from mmuldor.evaluation.same_place import of_other_types
from mmuldor.functional.boxes import check_boxes, rowwise_iod
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
from mmuldor.functional.matching import check_iou_thr, match_boxes

CONVENTION = (
    'detections pooled and sorted by score, tied scores as one step; widths '
    'inclusive (+1 px); a second hit on a lesion is neither true nor false '
    'positive; one box may hit several lesions; FPs divided by the number of '
    'images; linear interpolation, last sensitivity held; a detection that '
    'hits no lesion and lies in an ignored region (iscrowd) by at least the '
    'IoU threshold of its own area is not counted; where results have lesion '
    'types, one that overlaps a higher-scoring one of another type by an IoU '
    'above 0.5 is not counted'
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
        rows: Which of the given detections were matched, in the order of
            `matched`, (n,) int.
        left_out: Boxes of the annotation file that are no lesions, by
            category.
        notes: What is odd about the results, see
            :mod:`mmuldor.evaluation.doubts`.
        folds: Of a cross-validation, the annotation file of each fold with
            lesions and its evaluation alone.
    """

    summary: FROCSummary
    curve: FROCCurve
    matched: Matched
    counts: dict[str, int]
    iou_thr: float
    with_fp_class: bool
    rows: np.ndarray
    left_out: Mapping[str, int]
    notes: tuple[str, ...] = ()
    folds: tuple[tuple[str, SliceEvaluation], ...] = ()


def evaluate_slices(
    truth: GroundTruth,
    detections: Detections,
    *,
    fp_rates: Sequence[float] = FP_RATES,
    iou_thr: float = 0.5,
    with_fp_class: bool = False,
) -> SliceEvaluation:
    """FROC of detections; those on images that do not count are ignored.

    Neither true nor false positive is a detection that hits no lesion and of
    whose area at least `iou_thr` lies in one ignored region, an annotation
    with `iscrowd`. That is COCO's rule: `iou` of pycocotools divides by the
    detection's area where the annotation is a crowd, and COCOeval ignores
    what matches a crowd alone, any number of times. Widths are inclusive, as
    for hits.

    Where detections have lesion types, a place counts once: see
    `of_other_types`.

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
    on_counted = np.isin(detections.image_ids, truth.images)
    counted = detections.select(on_counted)
    repeated = of_other_types(counted)
    given = np.flatnonzero(on_counted)[~repeated]
    ignored_images = len(detections) - len(counted)
    counted = counted.select(~repeated)
    is_fp = counted.categories == FALSE_POSITIVE_CATEGORY
    if with_fp_class:
        rows, tiers = append_fp_class(counted.boxes, counted.image_ids, is_fp)
    else:
        rows, tiers = np.flatnonzero(~is_fp), None
    suppressed = int(is_fp.sum() - is_fp[rows].sum())
    matched, kept = _match(truth, counted.select(rows), tiers, iou_thr)
    ignored, rows = int((~kept).sum()), rows[kept]
    curve = froc_curve(matched)
    counts = {
        'images': len(truth.images),
        'lesions': len(truth.lesion_images),
        'detections': len(rows),
        'detections_fp_class': int(is_fp[rows].sum()),
        'ignored_fp_class': suppressed,
        'ignored_regions': len(truth.crowd_boxes),
        'ignored_in_regions': ignored,
        'ignored_on_dropped_images': ignored_images,
        'ignored_other_types': int(repeated.sum()),
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
        given[rows],
        truth.left_out,
    )


def evaluate_results(
    truth: GroundTruth, detections: Detections, **options: Any
) -> SliceEvaluation:
    """`evaluate_slices` with its options, and notes on what is odd."""
    evaluation = evaluate_slices(truth, detections, **options)
    if 0 < len(detections) == evaluation.counts['ignored_fp_class']:
        return replace(evaluation, notes=(_unused(len(detections)),))
    notes = doubts(
        truth,
        detections,
        evaluation.summary,
        lambda other: evaluate_slices(truth, other, **options).summary,
    )
    return replace(evaluation, notes=tuple(notes))


def _unused(count: int) -> str:
    category = FALSE_POSITIVE_CATEGORY
    return (
        f'all {count:,} detections are of category {category}, the '
        f'false-positive class, and none is used. If {category} is the lesion '
        'in these results, convert them with '
        f'`{command_line("convert", f"... --classes {category}=lesion")}`'
    )


def _match(
    truth: GroundTruth,
    found: Detections,
    tiers: np.ndarray | None,
    iou_thr: float,
) -> tuple[Matched, np.ndarray]:
    """Those that count, matched, and which of all these are, (n,) bool."""
    matched = match(
        found.boxes,
        found.scores,
        found.image_ids,
        truth.lesion_boxes,
        truth.lesion_images,
        truth.images,
        iou_thr=iou_thr,
        det_tiers=tiers,
    )
    kept = ~(matched.det_is_fp & _in_crowds(truth, found, iou_thr))
    if kept.all():
        return matched, kept
    # False positives gone, nothing else is in a region: no second removal.
    tiers = None if tiers is None else tiers[kept]
    return _match(truth, found.select(kept), tiers, iou_thr)[0], kept


def _in_crowds(
    truth: GroundTruth, found: Detections, iou_thr: float
) -> np.ndarray:
    """Which detections lie in an ignored region, (n,) bool."""
    counted = np.isin(truth.crowd_images, truth.images)
    if not counted.any():
        return np.zeros(len(found), dtype=bool)
    outside = match_boxes(
        check_boxes(found.boxes),
        found.scores,
        found.image_ids,
        truth.crowd_boxes[counted],
        truth.crowd_images[counted],
        truth.images,
        lambda boxes, crowds: rowwise_iod(boxes, crowds) >= iou_thr,
    ).det_is_fp
    return ~outside


def evaluation_dict(evaluation: SliceEvaluation) -> dict[str, Any]:
    """The evaluation as JSON: fractions at full precision."""
    summary = evaluation.summary
    folds = [
        {
            'ann': path,
            'images': one.counts['images'],
            'lesions': one.counts['lesions'],
            'sensitivity': list(one.summary.sensitivity),
            'mean': one.summary.mean,
        }
        for path, one in evaluation.folds
    ]
    return {
        **({'folds': folds} if folds else {}),
        'fp_rates': list(summary.fp_rates),
        'sensitivity': list(summary.sensitivity),
        'mean': summary.mean,
        'max_sensitivity': summary.max_sensitivity,
        'fps_at_max': summary.fps_at_max,
        'fps_at_end': float(evaluation.curve.fps_per_image[-1]),
        'counts': evaluation.counts,
        'iou_thr': evaluation.iou_thr,
        'with_fp_class': evaluation.with_fp_class,
        'left_out': dict(evaluation.left_out),
        'notes': list(evaluation.notes),
        'convention': CONVENTION,
    }


def evaluate_slice_files(
    ann_file: Paths,
    results_file: Paths,
    *,
    fp_rates: Sequence[float] = FP_RATES,
    iou_thr: float = 0.5,
    with_fp_class: bool = False,
    keep_noisy: bool = False,
    lesion_category: Sequence[str] | None = None,
) -> SliceEvaluation:
    """FROC of a results file against an annotation file.

    Args:
        ann_file: Read by `load_fold_annotations`: a file, or the tested split
            of each fold of a cross-validation, which are evaluated as one.
        results_file: One of each annotation file; folds in any order.
        fp_rates: See `evaluate_slices`.
        iou_thr: See `evaluate_slices`.
        with_fp_class: See `evaluate_slices`.
        keep_noisy: Count lesions too whose annotation is noisy.
        lesion_category: Names or ids of the categories of lesions, where
            there are several.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file or an argument is wrong.
    """
    # Before large files are read.
    check_fp_rates(fp_rates)
    check_iou_thr(iou_thr)
    folds = load_fold_annotations(ann_file, lesion_category=lesion_category)
    truth = GroundTruth.of(folds.document, folds.source, keep_noisy=keep_noisy)
    options: dict[str, Any] = {
        'fp_rates': fp_rates,
        'iou_thr': iou_thr,
        'with_fp_class': with_fp_class,
    }
    detections = folds.load(results_file)
    evaluation = evaluate_results(truth, detections, **options)
    if len(folds.paths) == 1:
        return evaluation
    alone = []
    for path, ids in zip(folds.paths, folds.image_ids, strict=True):
        own = truth.select(ids)
        if len(own.lesion_ids):
            one = evaluate_slices(own, detections, **options)
            alone.append((str(path), one))
    return replace(evaluation, folds=tuple(alone))
