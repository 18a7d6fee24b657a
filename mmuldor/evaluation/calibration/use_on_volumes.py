"""What a calibration may say about the lesions of a volume."""

from __future__ import annotations

import os
from dataclasses import replace

from mmuldor.commands import command_line, command_name
from mmuldor.evaluation.calibration.calibration_file import (
    CalibrationFile,
    load_calibration,
)
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.evaluation.calibration.summary import point_text

FIT_COMMAND = command_line(
    'calibrate', '--volumes volumes.json --dets FOLDER --out FILE'
)
REMEDY = (
    f'Fit one of volumes with `{FIT_COMMAND}`, or choose a threshold with '
    '--score-thr.'
)
# A scan may be so much higher than the volumes of the calibration, or lower.
_HEIGHT_FACTOR = 1.25


def check_of_volumes(fitted: CalibrationFile) -> None:
    """Raise ValueError unless it was fitted on volumes."""
    if fitted.unit != 'volume':
        raise ValueError(
            'the calibration must be one of volumes, but got one of key '
            f'slices, whose rates and probabilities do not hold here. {REMEDY}'
        )


def calibration_for_volumes(
    given: str | os.PathLike | CalibrationFile | None,
    fps_per_volume: float | None = None,
    sensitivity: float | None = None,
    score_thr: float | None = None,
) -> tuple[CalibrationFile | None, list[str]]:
    """A calibration to use it on volumes.

    One of key slices says nothing about volumes: it is left out with a note,
    and an operating point of it is an error.

    Args:
        given: Calibration file, or what it holds; None: there is none.
        fps_per_volume: Choose the operating point by FPs per volume.
        sensitivity: Or by sensitivity.
        score_thr: Or neither: the score threshold that is used instead.

    Returns:
        The calibration at its operating point, None without one of volumes,
        and notes.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is malformed, or has no such operating point.
    """
    chosen = fps_per_volume is not None or sensitivity is not None
    if given is None:
        if chosen:
            raise ValueError(
                'an operating point needs a calibration: give the file that '
                f'`{command_name("calibrate")} --volumes` wrote with '
                '`--calibration`.'
            )
        return None, []
    fitted = given
    if not isinstance(fitted, CalibrationFile):
        fitted = load_calibration(fitted)
    if fitted.unit != 'volume':
        if chosen:
            raise ValueError(
                '--fps and --sensitivity must be those of a calibration of '
                f'volumes, but {str(given)!r} is one of key slices. {REMEDY}'
            )
        return None, [
            f'NO PROBABILITIES: {str(given)!r} is a calibration of key '
            'slices, which does not hold for volumes and is not used. '
            f'{REMEDY}'
        ]
    if score_thr is not None:
        return fitted, []
    point = fitted.choose(fps_per_volume, sensitivity)
    notes = [f'operating point: {point_text(point, "volume")}']
    return replace(fitted, operating_point=point), notes


def settings_notes(fitted: CalibrationFile, run: RunSettings) -> list[str]:
    """What in a run differs from the runs that a calibration was fitted on."""
    if fitted.settings is None:
        return [
            'the calibration does not state how the detector ran, so its '
            'settings are not compared'
        ]
    return [
        'THE CALIBRATION IS NOT VALID HERE, it was fitted on other settings: '
        f'{difference}'
        for difference in fitted.settings.differences(run)
    ]


def height_notes(fitted: CalibrationFile, height_mm: float) -> list[str]:
    """Whether a scan is far higher or lower than those of a calibration."""
    if fitted.heights_mm is None:
        return []
    low, high = fitted.heights_mm
    if low / _HEIGHT_FACTOR <= height_mm <= high * _HEIGHT_FACTOR:
        return []
    return [
        f'the scan is {height_mm:.0f} mm high, those of the calibration were '
        f'{low:.0f} to {high:.0f} mm: the FPs per volume may differ'
    ]
