"""FROC per volume: lesions of whole scans, matched in space."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.evaluation.calibration.run_settings import common_settings
from mmuldor.evaluation.froc_table import held_note
from mmuldor.evaluation.volume_detections import (
    VolumeDetections,
    load_volume_detections,
)
from mmuldor.functional.froc import (
    FROCCurve,
    FROCSummary,
    Matched,
    check_fp_rates,
    froc_curve,
    sensitivity_at,
    summarize,
)
from mmuldor.functional.matching_3d import IOU_THR, check_hit, match_volumes
from mmuldor.io.volume_annotations import TrueVolume, load_volumes

# LUNA16's: FPs a scan, and its score, the mean sensitivity over all seven.
FP_RATES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
CONVENTION = (
    'detections pooled and sorted by score, tied scores as one step; boxes '
    'in mm, continuous; a second hit on a lesion is neither true nor false '
    'positive; one box may hit several lesions; FPs divided by the number of '
    'volumes; linear interpolation, last sensitivity held'
)
HITS = {
    'iou': '3-D IoU >= {:g}',
    'center': "centre in the lesion's box",
    'radius': "centres nearer than half of the lesion's longest side",
}


@dataclass(frozen=True, eq=False)
class VolumeEvaluation:
    """One FROC evaluation on volumes.

    Attributes:
        summary: The figures; an "image" is a volume.
        cpm: Mean sensitivity at LUNA16's seven rates.
        curve: The curve.
        matched: The matched detections, for resampling.
        counts: Volumes, lesions, detections and files not used.
        hit: The rule of a hit.
        iou_thr: Its threshold where it is an IoU.
        note: What the runs of the files differ in, '' without.
    """

    summary: FROCSummary
    cpm: float
    curve: FROCCurve
    matched: Matched
    counts: dict[str, int]
    hit: str
    iou_thr: float
    note: str = ''


def evaluate_volumes(
    volumes: Sequence[TrueVolume],
    detections: VolumeDetections,
    *,
    fp_rates: Sequence[float] = FP_RATES,
    hit: str = 'iou',
    iou_thr: float = IOU_THR,
) -> VolumeEvaluation:
    """FROC of detections on volumes.

    Args:
        volumes: Those that count, with lesions or without.
        detections: Theirs.
        fp_rates: FPs per volume to report, rising.
        hit: See `mmuldor.functional.matching_3d.HIT_RULES`.
        iou_thr: With 'iou', a hit is a 3-D IoU of at least this.

    Raises:
        ValueError: If an argument is wrong or no volume has a lesion.
    """
    sizes = [len(volume.boxes_mm) for volume in volumes]
    matched = match_volumes(
        detections.boxes_mm,
        detections.scores,
        detections.volumes,
        np.concatenate([volume.boxes_mm for volume in volumes]),
        np.repeat(np.arange(len(volumes)), sizes),
        np.arange(len(volumes)),
        hit=hit,
        iou_thr=iou_thr,
    )
    if not sum(sizes):
        raise ValueError(
            f'sensitivity needs at least one lesion, but the {len(volumes)} '
            'volumes have none.'
        )
    curve = froc_curve(matched)
    counts = {
        'volumes': len(volumes),
        'volumes_without_lesions': sizes.count(0),
        'lesions': sum(sizes),
        'detections': len(detections.scores),
        'files_of_other_volumes': detections.unused,
    }
    return VolumeEvaluation(
        summarize(curve, fp_rates),
        float(sensitivity_at(curve, FP_RATES).mean()),
        *(curve, matched, counts, hit, iou_thr),
    )


def scan_files(volumes_file: str | os.PathLike, split: str) -> list[str]:
    """The scans of the volumes of a split, as `volumes.json` names them.

    Raises:
        FileNotFoundError: The file is missing.
        ValueError: It is wrong, or a volume has no scan of its own.
    """
    volumes = load_volumes(volumes_file, split)
    for volume in volumes:
        if not volume.file:
            make = command_line('data convert', 'to-nifti')
            raise ValueError(
                f'{volumes_file}: volume {volume.name!r} must name its scan '
                'as `file`, but that is empty: it is a series of PNG slices. '
                f'Make a scan of it with `{make}`.'
            )
    return [volume.file for volume in volumes]


def evaluate_volume_files(
    volumes_file: str | os.PathLike,
    paths: Iterable[str | os.PathLike],
    *,
    split: str = 'all',
    fp_rates: Sequence[float] = FP_RATES,
    hit: str = 'iou',
    iou_thr: float = IOU_THR,
) -> VolumeEvaluation:
    """FROC of `lesions.json` files against a `volumes.json`.

    Args:
        volumes_file: Read by `load_volumes`.
        paths: Read by `load_volume_detections`.
        split: The volumes that count; 'all' counts those of all splits.
        fp_rates: See `evaluate_volumes`.
        hit: See `evaluate_volumes`.
        iou_thr: See `evaluate_volumes`.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file or an argument is wrong.
    """
    check_fp_rates(fp_rates)
    check_hit(hit, iou_thr)
    volumes = load_volumes(volumes_file, split)
    detections = load_volume_detections(paths, volumes)
    evaluation = evaluate_volumes(
        volumes, detections, fp_rates=fp_rates, hit=hit, iou_thr=iou_thr
    )
    return replace(evaluation, note=_mixed_runs(detections))


def _mixed_runs(detections: VolumeDetections) -> str:
    """What the files of several runs differ in, '' if they do not.

    Folds may be of several checkpoints, so it is no error.
    """
    try:
        common_settings(detections.provenance)
    except ValueError as error:
        return str(error)
    return ''


def volume_evaluation_dict(evaluation: VolumeEvaluation) -> dict[str, Any]:
    """The evaluation as JSON: fractions at full precision."""
    summary = evaluation.summary
    return {
        'fp_rates': list(summary.fp_rates),
        'fps_per': 'volume',
        'sensitivity': list(summary.sensitivity),
        'mean': summary.mean,
        'cpm': evaluation.cpm,
        'max_sensitivity': summary.max_sensitivity,
        'fps_at_max': summary.fps_at_max,
        'fps_at_end': float(evaluation.curve.fps_per_image[-1]),
        'counts': evaluation.counts,
        'hit': evaluation.hit,
        'iou_thr': evaluation.iou_thr if evaluation.hit == 'iou' else None,
        'convention': CONVENTION,
        'note': evaluation.note,
    }


def volume_table(evaluation: VolumeEvaluation) -> str:
    """The evaluation as a table of text, sensitivities in percent."""
    summary, counts = evaluation.summary, evaluation.counts
    head = [f'{rate:g}' for rate in summary.fp_rates] + ['CPM', 'max']
    figures = [
        *summary.sensitivity, evaluation.cpm, summary.max_sensitivity,
    ]  # fmt: skip
    cells = [f'{100 * figure:.2f}' for figure in figures]
    # The CPM is of its own rates, whatever the columns are.
    last = max(summary.fp_rates[-1], *FP_RATES)
    rule = HITS[evaluation.hit].format(evaluation.iou_thr)
    lines = [
        f'FROC per volume: {counts["volumes"]} volumes '
        f'({counts["volumes_without_lesions"]} without lesions), '
        f'{counts["lesions"]} lesions, {counts["detections"]} detections, '
        f'{rule}',
        'FPs per volume' + ''.join(f'{cell:>7}' for cell in head),
        'sensitivity % ' + ''.join(f'{cell:>7}' for cell in cells),
        'CPM: mean over 0.125, 0.25, 0.5, 1, 2, 4, 8 (LUNA16); max first '
        f'reached at {summary.fps_at_max:.2f} FPs per volume'
        + held_note(evaluation.curve, last),
    ]
    if counts['files_of_other_volumes']:
        lines.append(
            f'not used: {counts["files_of_other_volumes"]} files of volumes '
            'that are not in the split'
        )
    if evaluation.note:
        lines.append(f'not all of one model and run: {evaluation.note}')
    return '\n'.join(lines)
