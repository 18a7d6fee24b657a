"""A calibration in words."""

from __future__ import annotations

from mmuldor.commands import command_name
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.evaluation.calibration.fp_interval import (
    MAX_WIDTH,
    volumes_needed,
)
from mmuldor.evaluation.calibration.operating_points import OperatingPoint


def summary(fitted: CalibrationFile) -> list[str]:
    """What was fitted, how good it is, and what to do, line by line."""
    counts, brier, quality = fitted.counts, fitted.brier, fitted.quality
    number = counts[f'{fitted.unit}s']
    scores = [_text(brier.get(key), 4) for key in ('score', 'calibrated')]
    skill = quality['brier_skill']
    error = quality['calibration_error']
    lines = [
        f'{counts["detections"]} detections on {number} {fitted.unit}s, '
        f'{counts["repeats"]} of them repeated hits, which are left out; '
        f'Brier score {scores[0]}, calibrated {scores[1]} (on patients not '
        'fitted on)',
        f'Brier skill {_text(skill)} (1 perfect, 0 the share of hits alone), '
        f'calibration error {_text(error)} (mean over tenths)',
        'operating point: ' + point_text(fitted.operating_point, fitted.unit),
        'at the operating point: mean probability '
        f'{_text(quality["mean_probability"])}, share of hits '
        f'{_text(quality["share_of_hits"])} (on patients not fitted on)',
    ]
    if fitted.unit == 'volume':
        return [
            f'{counts["overlapping"]} lesions left out that overlap a higher '
            f'one (3-D IoU >= {fitted.overlap_iou:g})',
            *lines,
            *_volume_notes(fitted),
        ]
    return [
        *lines,
        'note: rates and probabilities are those of key slices; for whole '
        'scans calibrate with --volumes',
    ]


def point_text(point: OperatingPoint, unit: str) -> str:
    """An operating point with the interval of its FPs."""
    interval = ''
    if point.fps_95 is not None:
        low, high = point.fps_95
        interval = f' (95 %: {low:.2f} to {high:.2f})'
    return (
        f'score threshold {point.score_thr:.4f}, {point.fps_per_image:.2f} '
        f'FPs per {unit}{interval}, sensitivity {100 * point.sensitivity:.1f} '
        '%'
    )


def _volume_notes(fitted: CalibrationFile) -> list[str]:
    notes = []
    point, volumes = fitted.operating_point, int(fitted.counts['volumes'])
    if point.fps_95 is None:
        notes.append(
            f'note: {fitted.counts["patients"]} patients are too few for an '
            'interval of the FPs per volume; calibrate on at least 60 volumes'
        )
    elif point.fps_95.width(point.fps_per_image) > MAX_WIDTH:
        rate = point.fps_per_image
        advice = 'calibrate on more volumes'
        if rate > 0:
            needed = volumes_needed(point.fps_95, rate, volumes)
            advice = f'calibrate on about {needed} volumes'
        notes.append(
            'note: the interval of the FPs per volume is wider than '
            f'+-{100 * MAX_WIDTH:.0f} % with {volumes} volumes; {advice}, or '
            'choose a higher --fps'
        )
    if fitted.settings is None:
        notes.append(
            'note: the lesions.json files do not state how the detector ran, '
            f'so {command_name("infer")} cannot compare its settings'
        )
    return notes


def _text(value: float | None, digits: int = 3) -> str:
    return 'undefined' if value is None else f'{value:.{digits}f}'
