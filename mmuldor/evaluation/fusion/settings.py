"""How results are fused, and the JSON file that `tools/fuse.py` tunes.

::

    {"format": "mmuldor-fusion-1", "method": "wbf-one", "iou_thr": 0.4,
     "scores": "rank",
     "detectors": [
         {"name": "a", "weight": 1.0,
          "score_map": {"scores": [...], "values": [...]}}, ...],
     "tuning": {...}}

``score_map`` is what maps scores of this detector, linear between its knots;
null where scores stay as they are. ``tuning`` says what was tried.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.evaluation.calibration.isotonic import Calibration
from mmuldor.evaluation.fusion.score_maps import KINDS, NONE
from mmuldor.functional.fusion.fusing import DEFAULT_IOU, METHODS
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.json_values import are_coordinates, is_finite, shortened

FORMAT = 'mmuldor-fusion-1'
TUNE_COMMAND = command_line(
    'fuse', '--tune VAL_RESULTS... --ann val.json --settings fusion.json'
)


@dataclass(frozen=True, eq=False)
class Settings:
    """How results are fused.

    Attributes:
        method: One of `mmuldor.functional.fusion.fusing.METHODS`.
        iou_thr: IoU from which on detections show the same lesion.
        scores: One of `mmuldor.evaluation.fusion.score_maps.KINDS`.
        weights: Of each detector, 0 leaves it out; empty for equal weights.
        names: Of the detectors; empty where they are not known yet.
        maps: Of each detector's scores; empty where they are not fitted.
        tuning: What was tried, as JSON.
    """

    method: str = 'wbf-one'
    iou_thr: float = DEFAULT_IOU['wbf-one']
    scores: str = NONE
    weights: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    maps: tuple[Calibration, ...] = ()
    tuning: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        method: str | None = None,
        iou_thr: float | None = None,
        scores: str | None = None,
        weights: Sequence[float] | None = None,
    ) -> Settings:
        """Settings of which None are the defaults."""
        if method is not None and iou_thr is None:
            iou_thr = DEFAULT_IOU[method]
        given = {'method': method, 'iou_thr': iou_thr, 'scores': scores}
        chosen: dict[str, Any] = {
            key: value for key, value in given.items() if value is not None
        }
        return cls(**chosen, weights=tuple(weights or ()))

    def for_names(self, names: Sequence[str], named: bool) -> Settings:
        """The settings for detectors in another order.

        Args:
            names: Of the results to fuse.
            named: Whether a user gave them, so that they must agree; else
                the order decides.

        Raises:
            ValueError: Other names than those tuned, or another number.
        """
        if not self.names:
            weights = self.weights or (1.0,) * len(names)
            if len(weights) != len(names):
                raise ValueError(
                    f'there must be a weight for each of {len(names)} '
                    f'results, but got {len(weights)}.'
                )
            return replace(self, weights=weights, names=tuple(names))
        if sorted(names) == sorted(self.names):
            rows = [self.names.index(name) for name in names]
        elif named or len(names) != len(self.names):
            raise ValueError(
                f'the settings were tuned for {", ".join(self.names)}, but '
                f'the results are of {", ".join(names)}. Give the same '
                'detectors, as NAME=FILE.'
            )
        else:
            rows = list(range(len(names)))
        return replace(
            self,
            names=tuple(names),
            weights=tuple(self.weights[row] for row in rows),
            maps=tuple(self.maps[row] for row in rows if self.maps),
        )

    def as_dict(self) -> dict[str, Any]:
        """What the file holds."""
        maps = self.maps or (None,) * len(self.names)
        detectors = [
            {
                'name': name,
                'weight': weight,
                'score_map': own
                and {
                    'scores': own.scores.tolist(),
                    'values': own.probabilities.tolist(),
                },
            }
            for name, weight, own in zip(
                self.names, self.weights, maps, strict=True
            )
        ]
        return {
            'format': FORMAT,
            'method': self.method,
            'iou_thr': self.iou_thr,
            'scores': self.scores,
            'detectors': detectors,
            'tuning': self.tuning,
        }


def write_settings(path: str | os.PathLike, settings: Settings) -> None:
    """Write the file."""
    write_json(path, settings.as_dict(), indent=1)


def load_settings(path: str | os.PathLike) -> Settings:
    """Read and check a file of settings.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it is malformed; names file and key.
    """
    advice = f'Make it with `{TUNE_COMMAND}`.'
    document = read_json(path, '`--settings`', advice)
    found = document.get('format') if isinstance(document, dict) else None
    if found != FORMAT:
        raise ValueError(
            f"{path} must be settings of a fusion ('format': '{FORMAT}'), but "
            f'got {shortened(found)}. Make them with `{TUNE_COMMAND}`.'
        )
    iou_thr = document.get('iou_thr')
    _check(path, 'method', document, METHODS)
    _check(path, 'scores', document, KINDS)
    if not is_finite(iou_thr) or not 0 < iou_thr <= 1:
        raise _wrong(path, 'iou_thr', 'a number above 0 and up to 1', iou_thr)
    detectors = document.get('detectors')
    if not isinstance(detectors, list) or len(detectors) < 2:
        raise _wrong(path, 'detectors', 'a list of two or more', detectors)
    rows = [
        _detector(path, f'detectors[{k}]', entry, document['scores'])
        for k, entry in enumerate(detectors)
    ]
    names, weights, maps = zip(*rows, strict=True)
    if len(set(names)) < len(names):
        raise _wrong(path, 'detectors', 'of different names', list(names))
    if not any(weights):
        raise _wrong(path, 'detectors', 'of weights not all 0', list(weights))
    return Settings(
        document['method'],
        float(iou_thr),
        document['scores'],
        weights,
        names,
        () if document['scores'] == NONE else maps,
        document.get('tuning') or {},
    )


def _detector(
    path: str | os.PathLike, key: str, entry: Any, scores: str
) -> tuple[str, float, Calibration | None]:
    entry = entry if isinstance(entry, dict) else {}
    name, weight = entry.get('name'), entry.get('weight')
    if not isinstance(name, str) or not name:
        raise _wrong(path, f'{key}.name', 'a text', name)
    if not is_finite(weight) or weight < 0:
        raise _wrong(path, f'{key}.weight', 'a number of 0 or more', weight)
    if scores == NONE:
        return name, float(weight), None
    knots = entry.get('score_map')
    knots = knots if isinstance(knots, dict) else {}
    lists: list[Any] = [knots.get('scores'), knots.get('values')]
    if not all(
        isinstance(own, list) and own and are_coordinates(own, len(own))
        for own in lists
    ) or len(lists[0]) != len(lists[1]):
        raise _wrong(
            path,
            f'{key}.score_map',
            'as many `scores` as `values`',
            entry.get('score_map'),
        )
    points, values = (np.array(own, dtype=np.float64) for own in lists)
    if (np.diff(points) <= 0).any() or (np.diff(values) < 0).any():
        raise _wrong(
            path,
            f'{key}.score_map',
            'rising `scores` and `values` that do not fall',
            entry['score_map'],
        )
    if values[0] < 0:
        raise _wrong(path, f'{key}.score_map', 'of values from 0 on', values)
    return name, float(weight), Calibration(points, values)


def _check(
    path: str | os.PathLike, key: str, document: dict, known: Sequence[str]
) -> None:
    if document.get(key) not in known:
        must = f'one of {", ".join(known)}'
        raise _wrong(path, key, must, document.get(key))


def _wrong(
    path: str | os.PathLike, key: str, must: str, found: Any
) -> ValueError:
    return ValueError(
        f'{path}: `{key}` must be {must}, but got {shortened(found)}.'
    )
