"""What is wrong with an entry of a results file."""

from __future__ import annotations

import os
from typing import Any

from mmuldor.classes import FALSE_POSITIVE_CATEGORY, LESION_CATEGORY
from mmuldor.commands import command_name
from mmuldor.io.json_values import are_coordinates, is_finite, shortened

CATEGORIES = (LESION_CATEGORY, FALSE_POSITIVE_CATEGORY)
_FIELDS = ('image_id', 'bbox', 'score', 'category_id')


def raise_for_first_wrong(
    path: str | os.PathLike, results: list, known: set
) -> None:
    """Raise ValueError for the first wrong field."""
    for index, result in enumerate(results):
        where = f'{path}: entry {index}'
        if not isinstance(result, dict):
            raise ValueError(
                f'{where} must be an object with {", ".join(_FIELDS)}, but '
                f'got {shortened(result)}.'
            )
        for field in _FIELDS:
            must = _complaint(field, result.get(field), known)
            if must:
                found = (
                    shortened(result[field]) if field in result else 'nothing'
                )
                raise ValueError(
                    f'{where}: `{field}` must be {must}, but got {found}.'
                )
    _raise_for_missing_type(path, results)


def _raise_for_missing_type(path: str | os.PathLike, results: list) -> None:
    """Raise ValueError if only some entries have a `lesion_type`."""
    names = [result.get('lesion_type') for result in results]
    typed = [isinstance(name, str) for name in names]
    if any(typed) and not all(typed):
        row, other = typed.index(False), typed.index(True)
        found = 'nothing' if names[row] is None else shortened(names[row])
        raise ValueError(
            f'{path}: entry {row}: `lesion_type` must be a name, as in entry '
            f'{other} ({shortened(names[other])}), since all entries have one '
            f'or none, but got {found}.'
        )


def _complaint(field: str, value: Any, known: set) -> str:
    """What a field must be, or '' where it is."""
    if field == 'image_id':
        if type(value) is int and value in known:
            return ''
        return (
            "an id of the annotation file's images (an integer; were these "
            'detections made with another file? '
            f'{command_name("convert")} finds images by name)'
        )
    if field == 'category_id':
        if type(value) is int and value in CATEGORIES:
            return ''
        return (
            f'{LESION_CATEGORY} (lesion) or {FALSE_POSITIVE_CATEGORY} '
            f'(false-positive class; {command_name("convert")} converts '
            'others)'
        )
    if field == 'score':
        return '' if is_finite(value) else 'a finite number'
    if are_coordinates(value, 4) and min(value[2:]) >= 0:
        return ''
    return 'four finite numbers x1, y1, x2 - x1 >= 0, y2 - y1 >= 0'
