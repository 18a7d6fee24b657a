"""Calibration and operating points of a detector as a JSON file.

::

    {"format": "mmuldor-calibration-2",
     "scores": [...], "probabilities": [...],
     "operating_point":
         {"score_thr": 0.31, "fps_per_image": 1.0, "sensitivity": 0.6},
     "operating_points": [{"score_thr": ..., ...}],
     "counts": {"images": 800, "lesions": 900, "detections": 40000},
     "brier": {"score": 0.06, "calibrated": 0.04}}

``operating_points`` run from the highest score threshold to the lowest.
``brier`` is the Brier score of the scores taken as probabilities, and that of
probabilities from fits on other patients. Files of the first format are read
too; they call the two keys ``chosen`` and ``points``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from mmuldor.evaluation.calibration import isotonic
from mmuldor.evaluation.calibration.isotonic import Calibration, OperatingPoint
from mmuldor.evaluation.slice_froc import SliceEvaluation
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.json_values import is_coordinate, is_finite, shortened

FORMAT = 'mmuldor-calibration-2'
# Formats that are read, with their keys of the operating point and of all.
_KEYS = {
    FORMAT: ('operating_point', 'operating_points'),
    'mmuldor-calibration-1': ('chosen', 'points'),
}
# Points kept in the file.
_MAX_POINTS = 400


@dataclass(frozen=True, eq=False)
class CalibrationFile:
    """What a calibration file holds.

    Attributes:
        calibration: Score to probability.
        operating_point: The one to use unless another one is chosen.
        operating_points: Those to choose from, the highest threshold first.
        counts: Images, lesions and detections it was fitted on.
        brier: ``score`` and ``calibrated``, see the module.
    """

    calibration: Calibration
    operating_point: OperatingPoint
    operating_points: list[OperatingPoint]
    counts: Mapping[str, float]
    brier: Mapping[str, float]

    def choose(
        self,
        fps_per_image: float | None = None,
        sensitivity: float | None = None,
    ) -> OperatingPoint:
        """The point at an FP rate or a sensitivity, else that of the file."""
        point = _choose(self.operating_points, fps_per_image, sensitivity)
        return point or self.operating_point


def fit_calibration(
    evaluation: SliceEvaluation,
    patients: np.ndarray,
    *,
    fps_per_image: float | None = None,
    sensitivity: float | None = None,
) -> CalibrationFile:
    """Calibrate a detector by its results on a validation split.

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
    matched = evaluation.matched
    hits = ~matched.det_is_fp
    calibration = isotonic.fit_isotonic(matched.det_score, hits)
    unseen = isotonic.cross_validated(
        matched.det_score, hits, patients[matched.det_image]
    )
    known = np.isfinite(unseen)
    points = isotonic.operating_points(matched)
    chosen = _choose(points, fps_per_image, sensitivity)
    return CalibrationFile(
        calibration,
        chosen or isotonic.point_at_fps(points, 1.0),
        points,
        {k: evaluation.counts[k] for k in ('images', 'lesions', 'detections')},
        {
            'score': isotonic.brier_score(
                matched.det_score[known], hits[known]
            ),
            'calibrated': isotonic.brier_score(unseen[known], hits[known]),
        },
    )


def _choose(
    points: list[OperatingPoint],
    fps_per_image: float | None,
    sensitivity: float | None,
) -> OperatingPoint | None:
    if fps_per_image is not None and sensitivity is not None:
        raise ValueError(
            'an operating point has FPs per image or a sensitivity, but got '
            'both.'
        )
    if fps_per_image is not None:
        return isotonic.point_at_fps(points, fps_per_image)
    if sensitivity is not None:
        return isotonic.point_at_sensitivity(points, sensitivity)
    return None


def write_calibration(
    path: str | os.PathLike, fitted: CalibrationFile
) -> None:
    """Write the file; of many points, those that differ most are kept."""
    document = {
        'format': FORMAT,
        'scores': fitted.calibration.scores.tolist(),
        'probabilities': fitted.calibration.probabilities.tolist(),
        'operating_point': asdict(fitted.operating_point),
        'operating_points': [
            asdict(point) for point in _thinned(fitted.operating_points)
        ],
        'counts': fitted.counts,
        'brier': fitted.brier,
    }
    write_json(path, document, indent=1)


def _thinned(points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """Where lesions are found, and of the rest evenly many."""
    if len(points) <= _MAX_POINTS:
        return list(points)
    rows = np.unique(np.linspace(0, len(points) - 1, _MAX_POINTS).astype(int))
    return [points[row] for row in rows]


def load_calibration(path: str | os.PathLike) -> CalibrationFile:
    """Read and check a calibration file.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is malformed; names file and key.
    """
    document = read_json(path)
    found = document.get('format') if isinstance(document, dict) else None
    if not isinstance(found, str) or found not in _KEYS:
        raise ValueError(
            f"'{path}' must be a calibration file ('format': '{FORMAT}'), "
            f'but got {found!r}. Make one with `tools/calibrate.py`.'
        )
    knots = [
        np.array(_numbers(path, document, key), dtype=np.float64)
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
    one, many = _KEYS[found]
    points = document.get(many)
    if not isinstance(points, list):
        raise ValueError(
            f"'{path}': `{many}` must be a list, but got {shortened(points)}."
        )
    points = [
        _point(path, f'{many}[{k}]', point) for k, point in enumerate(points)
    ]
    point = _point(path, one, document.get(one))
    counts, brier = (_group(path, document, k) for k in ('counts', 'brier'))
    return CalibrationFile(Calibration(*knots), point, points, counts, brier)


def _numbers(path: str | os.PathLike, document: dict, key: str) -> list:
    values: Any = document.get(key)
    listed = isinstance(values, list) and len(values) > 0
    if not listed or not all(map(is_coordinate, values)):
        raise ValueError(
            f"'{path}': `{key}` must be a list of numbers, but got "
            f'{shortened(values)}.'
        )
    return values


def _group(
    path: str | os.PathLike, document: dict, key: str
) -> dict[str, float]:
    """Numbers by name; none in files that do without."""
    group = document.get(key, {})
    if not isinstance(group, dict) or not all(map(is_finite, group.values())):
        raise ValueError(
            f"'{path}': `{key}` must hold numbers by name, but got "
            f'{shortened(group)}.'
        )
    return group


def _point(path: str | os.PathLike, key: str, value: object) -> OperatingPoint:
    names = [field.name for field in fields(OperatingPoint)]
    if (
        not isinstance(value, dict)
        or sorted(value) != sorted(names)
        or not all(map(is_coordinate, value.values()))
    ):
        raise ValueError(
            f"'{path}': `{key}` must hold the numbers {', '.join(names)}, "
            f'but got {shortened(value)}.'
        )
    return OperatingPoint(**value)
