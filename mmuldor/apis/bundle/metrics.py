"""Figures of a card, out of what evaluations wrote."""

from __future__ import annotations

import os
from typing import Any

from mmuldor.commands import command_line, command_name
from mmuldor.evaluation.calibration.calibration_file import CalibrationFile
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import is_finite, is_integer, shortened


def metrics_of(
    path: str | os.PathLike | None, row: str | None = None
) -> dict[str, str]:
    """The figures of a FROC file by what they are.

    Args:
        path: ``froc.json`` of ``tools/froc.py``, or ``comparison.json`` of
            ``tools/compare.py``, which has intervals; None: not measured.
            Rates at and beyond the end of a curve are left out, for its last
            value is held there, not measured.
        row: Name of the method in ``comparison.json``, if it has several.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is neither.
    """
    if path is None:
        _check_row(row, 'without')
        return {}
    report = read_json(path)
    if not isinstance(report, dict):
        raise ValueError(
            f'{path} must be what `{command_line("froc", "--out")}` or '
            f'`{command_name("compare")}` writes, but is a '
            f'{type(report).__name__}. Give results to one of both first.'
        )
    compared = 'rows' in report
    if not compared:
        _check_row(row, f'with {path}')
    try:
        return _of_comparison(report, row) if compared else _of_froc(report)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        missing = ' is missing' if isinstance(error, KeyError) else ''
        raise ValueError(
            f'{path} must be what `{command_line("froc", "--out")}` or '
            f'`{command_name("compare")}` writes, but {error}{missing}.'
        ) from error


def _check_row(row: str | None, where: str) -> None:
    if row is not None:
        raise ValueError(
            '`--row` must be used with a comparison.json as `--froc`, whose '
            f'method it names, but got {row!r} {where}. Leave it out.'
        )


def _of_froc(report: Any) -> dict[str, str]:
    pairs = list(zip(report['fp_rates'], report['sensitivity'], strict=True))
    counts, end = report['counts'], report.get('fps_at_end')
    if not all(is_finite(v) for pair in pairs for v in pair):
        raise ValueError('`fp_rates` or `sensitivity` are not numbers')
    if not is_finite(end):
        raise ValueError(
            '`fps_at_end`, where the curve ends, is not a number but '
            f'{shortened(end)}; evaluate again where it is missing'
        )
    if not all(is_integer(counts[k]) for k in ('images', 'lesions')):
        raise ValueError('`counts` are not integers')
    return {
        **{_rate(r): _percent(value) for r, value in pairs if r < end},
        'tested on': (
            f'{counts["images"]:,} images, {counts["lesions"]:,} lesions'
        ),
        # Others read the card, who need not have what the publisher types.
        'intervals': 'not computed; a comparison of methods has them',
    }


def _of_comparison(report: dict[str, Any], row: str | None) -> dict[str, str]:
    names = [entry['name'] for entry in report['rows']]
    if row is None and len(names) == 1:
        row = names[0]
    if row not in names:
        raise ValueError(f'`--row` must name one of {names}, not {row}')
    entry = report['rows'][names.index(row)]
    figures = zip(
        entry['fp_rates'], entry['sensitivity'], entry['interval'], strict=True
    )
    found = {
        _rate(rate): _percent(value, ends)
        for rate, value, ends in figures
        if value is not None
    }
    mean = entry['mean']
    if mean is not None:
        found['mean over 0.5, 1, 2 and 4'] = _percent(
            mean, entry['mean_interval']
        )
    counts = [report[key] for key in ('images', 'lesions', 'patients')]
    if not all(map(is_integer, counts)):
        raise ValueError(f'the counts must be integers, but are {counts}')
    level = report['settings']['level']
    return {
        'method': str(entry['name']),
        **found,
        'tested on': (
            f'{counts[0]:,} images, {counts[1]:,} lesions, {counts[2]:,} '
            f'{report.get("unit", "patients")}'
        ),
        'intervals': (
            f'{100 * level:g} %, by bootstrap over {report["unit"]}; '
            f'trainings: {entry["runs"]}'
        ),
    }


def _rate(rate: float) -> str:
    return f'sensitivity at {rate:g} FPs per image'


def _percent(value: float, ends: Any = None) -> str:
    """A fraction in percent, with its interval where it has one."""
    if not is_finite(value):
        raise ValueError(f'{shortened(value)} is no number')
    text = f'{100 * value:.2f} %'
    if ends is None or None in ends:
        return text
    low, high = ends
    return f'{text} ({100 * low:.2f} to {100 * high:.2f})'


def metrics_of_volumes(fitted: CalibrationFile) -> dict[str, str]:
    """The operating point of a calibration of volumes, with its interval."""
    point, volumes = fitted.operating_point, fitted.counts.get('volumes')
    fps = f'{point.fps_per_image:.2f}'
    if point.fps_95 is not None:
        low, high = point.fps_95
        fps += f' (95 %: {low:.2f} to {high:.2f})'
    return {
        'score threshold of scans': f'{point.score_thr:.4f}',
        'FPs per scan there': fps,
        'sensitivity in scans there': f'{100 * point.sensitivity:.1f} %',
        'calibrated on': f'{volumes} scans'
        if volumes
        else 'a number of scans that is not recorded',
    }
