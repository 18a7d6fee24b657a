"""Compact detection results of a model, for the repository."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.comparison.resampled_froc import RankedDetections
from mmuldor.evaluation.ground_truth import GroundTruth, load_ground_truth
from mmuldor.evaluation.results import Detections, read_results
from mmuldor.evaluation.slice_froc import (
    SliceEvaluation,
    evaluate_slices,
    evaluation_dict,
)
from mmuldor.io.json_files import read_json, replacing

# Step of a lesion without a hit, in the files.
_NEVER = -1


# The paper's HNEM model ends at 5 FPs per image, so its lesion class was cut
# somewhere. Here it is cut where it gives this many.
CUT_FPS = 2.0
# Name of an evaluation: lesion class cut, FP class appended.
KINDS = {
    'lesion': (False, False),
    'with_fp': (False, True),
    'cut': (True, False),
    'cut_with_fp': (True, True),
}


def evaluate_results(
    ann: Path, results: Path, truth: Path, kinds: Iterable[str]
) -> tuple[dict, dict[str, RankedDetections]]:
    """FROC values of a results file, and its ranked false positives and hits.

    Args:
        ann: Annotation JSON of the test split.
        results: COCO-format results.
        truth: ``truth.json`` of the phantom, with the true masks.
        kinds: Names of `KINDS`; only 'lesion' makes sense for a model without
            a false-positive class.

    Returns:
        By kind, the FROC figures as in ``froc.json``, and
        the outcomes; 'dice' beside the figures is the mean Dice of the masks
        of found lesions with the true ones, null without masks.
    """
    lesions = load_ground_truth(ann)
    entries = read_results(results)
    detections = Detections.of(entries, lesions.all_images, results)
    figures, ranked = {}, {}
    whole = evaluate_slices(lesions, detections)
    kept = _kept(detections, whole)
    for kind in kinds:
        cut, with_fp = KINDS[kind]
        evaluation = evaluate_slices(
            lesions,
            detections.select(kept) if cut else detections,
            with_fp_class=with_fp,
        )
        figures[kind] = evaluation_dict(evaluation)
        ranked[kind] = RankedDetections.of(evaluation.matched)
    entries = [e for e in entries if e['category_id'] == LESION_CATEGORY]
    found = whole.matched.lesion_detection
    figures['dice'] = _mean_dice(found, entries, lesions, truth)
    return figures, ranked


def _kept(detections: Detections, whole: SliceEvaluation) -> np.ndarray:
    """All of the FP class, and the lesion class up to `CUT_FPS`, (n,) bool."""
    rates, matched = whole.curve.fps_per_image, whole.matched
    steps = np.searchsorted(rates, CUT_FPS, side='right') - 1
    scores = matched.det_score[matched.det_step < steps]
    least = scores.min(initial=np.inf)
    return (detections.categories != LESION_CATEGORY) | (
        detections.scores >= least
    )


def true_masks(truth: Path) -> dict[int, dict]:
    """Run-length masks by annotation id."""
    return {
        lesion['row']: lesion['segmentation']
        for lesion in read_json(truth)['lesions']
        if lesion['row'] is not None
    }


def dice(first: dict, second: dict) -> float:
    """Dice of two run-length encoded masks."""
    iou = float(coco_mask.iou([first], [second], [0])[0, 0])
    return 2 * iou / (1 + iou)


def _mean_dice(
    found: np.ndarray, entries: list[dict], lesions: GroundTruth, truth: Path
) -> float | None:
    true = true_masks(truth)
    pairs = [
        (entries[row]['segmentation'], true[int(lesion)])
        for row, lesion in zip(found, lesions.lesion_ids, strict=True)
        if row >= 0 and 'segmentation' in entries[row]
    ]
    values = [dice(*pair) for pair in pairs]
    return float(np.mean(values)) if values else None


def save_outcomes(path: Path, ranked: dict[str, RankedDetections]) -> None:
    """Write outcomes as a compressed .npz, atomically."""
    arrays = {}
    for kind, r in ranked.items():
        lesion_step = np.where(
            r.lesion_step < r.num_steps, r.lesion_step, _NEVER
        )
        arrays[f'{kind}/fp_image'] = r.fp_image.astype(np.int16)
        arrays[f'{kind}/fp_step'] = r.fp_step.astype(np.int32)
        arrays[f'{kind}/lesion_image'] = r.lesion_image.astype(np.int16)
        arrays[f'{kind}/lesion_step'] = lesion_step.astype(np.int32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, open(temporary, 'wb') as file:
        np.savez_compressed(file, **arrays)


def load_outcomes(path: Path) -> dict[str, RankedDetections]:
    """Read what :func:`save_outcomes` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    outcomes = {}
    for kind in {name.partition('/')[0] for name in arrays}:
        fp_step = arrays[f'{kind}/fp_step'].astype(np.int64)
        lesion_step = arrays[f'{kind}/lesion_step'].astype(np.int64)
        steps = int(max(fp_step.max(initial=-1), lesion_step.max())) + 1
        outcomes[kind] = RankedDetections(
            arrays[f'{kind}/fp_image'].astype(np.int64),
            fp_step,
            arrays[f'{kind}/lesion_image'].astype(np.int64),
            np.where(lesion_step == _NEVER, steps, lesion_step),
            steps,
        )
    return outcomes
