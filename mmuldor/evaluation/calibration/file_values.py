"""Values of a calibration file; errors name the file and the key."""

from __future__ import annotations

import os
from typing import Any

from mmuldor.evaluation.calibration.fp_interval import RateInterval
from mmuldor.evaluation.calibration.operating_points import OperatingPoint
from mmuldor.io.json_values import (
    are_coordinates,
    is_coordinate,
    is_finite,
    shortened,
)


def heights_of(value: Any) -> tuple[float, float] | None:
    """Two heights in mm; None of anything else."""
    return (value[0], value[1]) if are_coordinates(value, 2) else None


def numbers_of(path: str | os.PathLike, document: dict, key: str) -> list:
    """A list of numbers, at least one.

    Raises:
        ValueError: If it is none.
    """
    values: Any = document.get(key)
    listed = isinstance(values, list) and len(values) > 0
    if not listed or not all(map(is_coordinate, values)):
        raise ValueError(
            f"'{path}': `{key}` must be a list of numbers, but got "
            f'{shortened(values)}.'
        )
    return values


def group_of(
    path: str | os.PathLike, document: dict, key: str, nulls: bool = False
) -> dict[str, Any]:
    """Numbers by name; none in files that do without.

    Raises:
        ValueError: If it is none.
    """
    group = document.get(key, {})
    if not isinstance(group, dict) or not all(
        is_finite(value) or (nulls and value is None)
        for value in group.values()
    ):
        raise ValueError(
            f"'{path}': `{key}` must hold numbers by name, but got "
            f'{shortened(group)}.'
        )
    return group


def point_of(
    path: str | os.PathLike, key: str, value: object, unit: str
) -> OperatingPoint:
    """An operating point of key slices or volumes.

    Raises:
        ValueError: If it is none.
    """
    names = ('score_thr', f'fps_per_{unit}', 'sensitivity')
    interval = f'fps_per_{unit}_95'
    if (
        not isinstance(value, dict)
        or set(value) - {interval} != set(names)
        or not all(is_coordinate(value[name]) for name in names)
    ):
        raise ValueError(
            f"'{path}': `{key}` must hold the numbers {', '.join(names)}, "
            f'but got {shortened(value)}.'
        )
    ends = value.get(interval)
    if ends is not None and not are_coordinates(ends, 2):
        raise ValueError(
            f"'{path}': `{key}.{interval}` must be two numbers or null, but "
            f'got {shortened(ends)}.'
        )
    score_thr, fps, sensitivity = (value[name] for name in names)
    fps_95 = None if ends is None else RateInterval(*ends)
    return OperatingPoint(score_thr, fps, sensitivity, fps_95)
