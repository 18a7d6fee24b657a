"""Checks of what a caller sets for the detection in a scan."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import torch

from mmuldor.io.json_values import shortened

# By name: what a value must be, and whether a finite number is one.
_RULES: dict[str, tuple[str, Callable[[float], bool]]] = {
    'score_thr': ('a number from 0 to 1', lambda value: 0 <= value <= 1),
    'fps_per_volume': ('a number of 0 or more', lambda value: value >= 0),
    'sensitivity': (
        'a fraction above 0 and up to 1, like 0.9 for 90 %',
        lambda value: 0 < value <= 1,
    ),
    'step_mm': ('a number above 0', lambda value: value > 0),
    'iou_thr': ('a number above 0 and up to 1', lambda value: 0 < value <= 1),
    'max_gap_mm': ('a number above 0', lambda value: value > 0),
    'batch_size': ('an integer of 1 or more', lambda value: value >= 1),
    'max_pictures': ('an integer of 0 or more', lambda value: value >= 0),
}
_INTEGERS = ('batch_size', 'max_pictures')
_POINTS = ('score_thr', 'fps_per_volume', 'sensitivity')


def check_settings(**settings: Any) -> None:
    """Raise ValueError for the first setting with a wrong value.

    Args:
        settings: Values by name; None is not set.
    """
    for name, value in settings.items():
        if value is None:
            continue
        rule, accepts = _RULES[name]
        # NumPy's numbers too, but not bool, which Python counts as integers.
        kind = Integral if name in _INTEGERS else Real
        known = isinstance(value, kind) and type(value) is not bool
        if not known or not math.isfinite(value) or not accepts(value):
            raise ValueError(f'`{name}` must be {rule}, but got {value!r}.')
    chosen = [name for name in _POINTS if settings.get(name) is not None]
    if len(chosen) > 1:
        raise ValueError(
            'the score threshold must be set in one way, but got '
            f'`{chosen[0]}` and `{chosen[1]}`. Leave out one of them.'
        )


def device_problem(device: str | torch.device) -> str | None:
    """Why torch cannot compute on a device here; None if it can."""
    try:
        torch.zeros(1, device=device).cpu()
    # torch raises any exception for a device that it lacks.
    except Exception:
        count = torch.cuda.device_count()
        found = ['cpu', *(f'cuda:{number}' for number in range(count))]
        return (
            f'must be a device that torch can use here, {" or ".join(found)}, '
            f'but got {str(device)!r}'
        )
    return None


def check_device(device: str | torch.device | None) -> None:
    """Raise ValueError if torch cannot compute on it; None is not set."""
    problem = None if device is None else device_problem(device)
    if problem:
        raise ValueError(f'`device` {problem}.')


def check_type(value: Any, kind: type, what: str) -> None:
    """Raise TypeError unless a value is of a type, as where it is a path.

    Args:
        value: The value.
        kind: What it must be.
        what: Name of the argument, and where one gets it.
    """
    if not isinstance(value, kind):
        raise TypeError(
            f'{what} must be a {kind.__name__}, but got {shortened(value)}.'
        )
