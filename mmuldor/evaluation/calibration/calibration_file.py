"""Calibration and operating points of a detector as a JSON file.

Of volumes, by `tools/calibrate.py --volumes`::

    {"format": "mmuldor-calibration-3", "unit": "volume",
     "scores": [...], "probabilities": [...],
     "operating_point":
         {"score_thr": 0.71, "fps_per_volume": 4.0, "sensitivity": 0.8,
          "fps_per_volume_95": [2.9, 5.4]},
     "operating_points": [{"score_thr": ..., ...}],
     "counts": {"volumes": 80, "volumes_without_lesions": 3,
                "lesions": 95, "detections": 4000, "patients": 75,
                "repeats": 10, "overlapping": 1500},
     "brier": {"score": 0.06, "calibrated": 0.04},
     "quality": {"brier_skill": 0.4, "calibration_error": 0.01,
                 "mean_probability": 0.17, "share_of_hits": 0.18},
     "hit": "iou", "iou_thr": 0.1, "overlap_iou": 0.2,
     "heights_mm": [31.0, 155.0],
     "settings": {"score_thr": 0.05, "step_mm": null, "views": null,
                  "config_sha256": "...", "checkpoint_sha256": "..."}}

Of key slices the format is "mmuldor-calibration-2" and the unit "image":
`fps_per_image` and `fps_per_image_95` take the place of the two keys with
"volume", `counts` has "images", and the keys after `quality` are absent.
Files of earlier versions have neither `unit`, `quality` nor intervals; they
are of key slices. Those of the first format call the points ``chosen`` and
``points``.

``operating_points`` run from the highest score threshold to the lowest; of a
long curve they are those of `operating_points.thinned`.
``fps_per_volume_95`` is where the FPs per volume of as many other volumes
will lie, 95 % (`fp_interval`). ``brier`` is the Brier score of the scores
taken as probabilities, and that of probabilities from fits on other patients.
``quality`` is of the latter too: skill and calibration error (`quality`) of
all detections, mean probability and share of hits of those at the operating
point. ``settings`` say how the detector ran (`run_settings`).

Of volumes, lesions whose 3-D boxes overlap a higher-scoring one with an IoU of
``overlap_iou`` are left out first, ``overlapping`` in number. Of the other
``detections``, ``repeats`` hit a lesion that a higher one hits: they are no
FPs, and of no ``scores``, ``brier`` and ``quality``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.evaluation.calibration.file_values import (
    group_of,
    heights_of,
    numbers_of,
    point_of,
)
from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.calibration.operating_points import (
    OperatingPoint,
    choose_point,
)
from mmuldor.evaluation.calibration.run_settings import RunSettings
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.json_values import is_finite, shortened

FORMAT = 'mmuldor-calibration-2'
# Of its own, since programs that know key slices alone must not read it.
VOLUME_FORMAT = 'mmuldor-calibration-3'
_FORMATS = {'image': FORMAT, 'volume': VOLUME_FORMAT}
# Formats that are read, with their keys of the operating point and of all.
_KEYS = {
    FORMAT: ('operating_point', 'operating_points'),
    VOLUME_FORMAT: ('operating_point', 'operating_points'),
    'mmuldor-calibration-1': ('chosen', 'points'),
}


@dataclass(frozen=True, eq=False)
class CalibrationFile:
    """What a calibration file holds.

    Attributes:
        calibration: Score to probability.
        operating_point: The one to use unless another one is chosen.
        operating_points: Those to choose from, the highest threshold first.
        counts: Images or volumes, lesions and detections it was fitted on.
        brier: ``score`` and ``calibrated``, see the module.
        unit: 'image', a key slice, or 'volume'.
        quality: See the module; values are None where undefined.
        settings: How the detector ran on the volumes; None if unknown.
        heights_mm: Smallest and largest height of the volumes.
        overlap_iou: Lesions of at least this 3-D IoU with a higher-scoring
            one are left out; None: none is.
        hit: Rule of a hit in volumes and its threshold.
    """

    calibration: Calibration
    operating_point: OperatingPoint
    operating_points: list[OperatingPoint]
    counts: Mapping[str, float]
    brier: Mapping[str, float]
    unit: str = 'image'
    quality: Mapping[str, float | None] = field(default_factory=dict)
    settings: RunSettings | None = None
    heights_mm: tuple[float, float] | None = None
    overlap_iou: float | None = None
    hit: Mapping[str, Any] = field(default_factory=dict)

    def choose(
        self,
        fps_per_image: float | None = None,
        sensitivity: float | None = None,
    ) -> OperatingPoint:
        """The point at an FP rate or a sensitivity, else that of the file.

        Args:
            fps_per_image: FPs per image or, of volumes, per volume.
            sensitivity: Fraction.
        """
        point = choose_point(self.operating_points, fps_per_image, sensitivity)
        return point or self.operating_point


def write_calibration(
    path: str | os.PathLike, fitted: CalibrationFile
) -> None:
    """Write the file."""
    document = {
        'format': _FORMATS[fitted.unit],
        'unit': fitted.unit,
        'scores': fitted.calibration.scores.tolist(),
        'probabilities': fitted.calibration.probabilities.tolist(),
        'operating_point': _entry(fitted.operating_point, fitted.unit),
        'operating_points': [
            _entry(point, fitted.unit) for point in fitted.operating_points
        ],
        'counts': fitted.counts,
        'brier': fitted.brier,
        'quality': fitted.quality,
    }
    if fitted.unit == 'volume':
        settings = fitted.settings
        document |= {
            **fitted.hit,
            'overlap_iou': fitted.overlap_iou,
            'heights_mm': fitted.heights_mm,
            'settings': None if settings is None else settings.as_dict(),
        }
    write_json(path, document, indent=1)


def _entry(point: OperatingPoint, unit: str) -> dict[str, Any]:
    return {
        'score_thr': point.score_thr,
        f'fps_per_{unit}': point.fps_per_image,
        'sensitivity': point.sensitivity,
        f'fps_per_{unit}_95': point.fps_95,
    }


def load_calibration(path: str | os.PathLike) -> CalibrationFile:
    """Read and check a calibration file.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is malformed; names file and key.
    """
    return calibration_of(read_json(path), path)


def calibration_of(document: Any, path: str | os.PathLike) -> CalibrationFile:
    """Check what a calibration file holds.

    Args:
        document: Its JSON.
        path: The file, for messages.

    Raises:
        ValueError: If it is malformed; names file and key.
    """
    found = document.get('format') if isinstance(document, dict) else None
    if not isinstance(found, str) or found not in _KEYS:
        raise ValueError(
            f"'{path}' must be a calibration file ('format': '{FORMAT}' or "
            f"'{VOLUME_FORMAT}'), but got {shortened(found)}. Make one with "
            f'`{command_line("calibrate")}`.'
        )
    unit = 'volume' if found == VOLUME_FORMAT else 'image'
    if document.get('unit', unit) != unit:
        raise ValueError(
            f"'{path}': `unit` must be '{unit}' in a file of the format "
            f"'{found}', but got {shortened(document['unit'])}."
        )
    calibration = _calibration(path, document)
    one, many = _KEYS[found]
    points = document.get(many)
    if not isinstance(points, list):
        raise ValueError(
            f"'{path}': `{many}` must be a list, but got {shortened(points)}."
        )
    points = [
        point_of(path, f'{many}[{k}]', point, unit)
        for k, point in enumerate(points)
    ]
    point = point_of(path, one, document.get(one), unit)
    settings, heights = document.get('settings'), document.get('heights_mm')
    if settings is not None and not isinstance(settings, dict):
        raise ValueError(
            f"'{path}': `settings` must be an object or null, but got "
            f'{shortened(settings)}.'
        )
    overlap = document.get('overlap_iou')
    if overlap is not None and not (is_finite(overlap) and 0 < overlap <= 1):
        raise ValueError(
            f"'{path}': `overlap_iou` must be a number above 0 and up to 1, "
            f'or null, but got {shortened(overlap)}.'
        )
    return CalibrationFile(
        calibration,
        point,
        points,
        group_of(path, document, 'counts'),
        group_of(path, document, 'brier'),
        unit=unit,
        quality=group_of(path, document, 'quality', nulls=True),
        settings=RunSettings.of(settings) if settings else None,
        heights_mm=heights_of(heights),
        overlap_iou=overlap,
        hit={k: document[k] for k in ('hit', 'iou_thr') if k in document},
    )


def _calibration(
    path: str | os.PathLike, document: dict[str, Any]
) -> Calibration:
    knots = [
        np.array(numbers_of(path, document, key), dtype=np.float64)
        for key in ('scores', 'probabilities')
    ]
    if (
        knots[0].shape != knots[1].shape
        or (np.diff(knots[0]) <= 0).any()
        or (np.diff(knots[1]) < 0).any()
    ):
        raise ValueError(
            f"'{path}': `scores` must rise and `probabilities` not fall, as "
            'many, but they do not.'
        )
    if knots[1][0] < 0 or knots[1][-1] > 1:
        raise ValueError(
            f"'{path}': `probabilities` must lie in 0 to 1, but go from "
            f'{knots[1][0]:g} to {knots[1][-1]:g}.'
        )
    return Calibration(*knots)
