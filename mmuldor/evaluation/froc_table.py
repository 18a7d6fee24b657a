"""A FROC evaluation as text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmuldor.evaluation.slice_froc import SliceEvaluation
from mmuldor.functional.froc import MEAN_FP_RATES, FROCCurve
from mmuldor.io.categories import left_out_text

_NOT_USED = {
    'noisy_lesions_dropped': 'noisy lesions',
    'noisy_images_dropped': 'images with noisy lesions only',
    'ignored_on_dropped_images': 'detections on other images',
    'ignored_regions': 'ignored regions (iscrowd)',
    'ignored_in_regions': 'detections in them',
    'ignored_other_types': 'detections of another type on the same place',
    'ignored_fp_class': 'detections of the FP class',
}


def format_table(evaluation: SliceEvaluation) -> str:
    """The evaluation as a table of text, sensitivities in percent."""
    summary, counts = evaluation.summary, evaluation.counts
    head = [f'{rate:g}' for rate in summary.fp_rates] + ['mean', 'max']
    figures = [*summary.sensitivity, summary.mean, summary.max_sensitivity]
    cells = [f'{100 * figure:.2f}' for figure in figures]
    name = 'FROC + FP' if evaluation.with_fp_class else 'FROC'
    last = max(summary.fp_rates[-1], *MEAN_FP_RATES)
    lines = [
        f'{name}: {counts["images"]} images, {counts["lesions"]} lesions, '
        f'{counts["detections"]} detections, IoU >= {evaluation.iou_thr:g}',
        'FPs per image ' + ''.join(f'{cell:>7}' for cell in head),
        'sensitivity % ' + ''.join(f'{cell:>7}' for cell in cells),
        'mean over 0.5, 1, 2, 4; max first reached at '
        f'{summary.fps_at_max:.2f} FPs per image'
        + held_note(evaluation.curve, last),
    ]
    counted = {words: counts[key] for key, words in _NOT_USED.items()}
    not_used = [
        f'{number} {words}' for words, number in counted.items() if number
    ]
    if evaluation.left_out:
        boxes = left_out_text(evaluation.left_out)
        not_used.append(f'boxes of other categories ({boxes})')
    if not_used:
        lines.append('not used: ' + ', '.join(not_used))
    if evaluation.folds:
        lines.append(
            _folds_line([e.summary.mean for _, e in evaluation.folds])
        )
    lines += [f'note: {note}' for note in evaluation.notes]
    return '\n'.join(lines)


def held_note(curve: FROCCurve, last_rate: float) -> str:
    """What a table says where its curve ends before its last FP rate."""
    end = float(curve.fps_per_image[-1])
    if end >= last_rate:
        return ''
    return f'; the curve ends at {end:.2f} FPs, its last value is held'


def _folds_line(means: Sequence[float]) -> str:
    shown = ', '.join(f'{100 * mean:.2f}' for mean in means)
    return (
        f'mean of each fold alone: {shown}; their mean '
        f'{100 * np.mean(means):.2f}, standard deviation '
        f'{100 * np.std(means, ddof=1):.2f}'
    )
