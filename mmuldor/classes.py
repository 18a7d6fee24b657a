"""Classes: labels of a model, categories of a file, lesion types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Coarse lesion types of DL_info.csv; -1 is unknown (all of the training).
LESION_TYPES = {
    1: 'bone',
    2: 'abdomen',
    3: 'mediastinum',
    4: 'liver',
    5: 'lung',
    6: 'kidney',
    7: 'soft tissue',
    8: 'pelvis',
}
UNKNOWN_TYPE = -1
# Labels of a model count from 0, category ids of JSON files from 1 (COCO).
LESION, FALSE_POSITIVE = 0, 1
LESION_CATEGORY, FALSE_POSITIVE_CATEGORY = 1, 2


def type_classes(lesion_types: str | None) -> tuple[str, ...]:
    """Names of the classes for a setting of `lesion_types`.

    Args:
        lesion_types: 'known' for DeepLesion's eight types, 'all' for these
            and 'unknown', None for one lesion class without types.

    Returns:
        Names in the order of labels; empty for None.

    Raises:
        ValueError: If it is none of these.
    """
    if lesion_types is None:
        return ()
    if lesion_types not in ('known', 'all'):
        raise ValueError(
            "`lesion_types` must be 'known' (eight classes), 'all' (these "
            f'and unknown) or None (one class), but got {lesion_types!r}.'
        )
    names = tuple(LESION_TYPES.values())
    return names if lesion_types == 'known' else (*names, 'unknown')


def type_labels(
    numbers: Sequence[int] | NDArray[Any], lesion_types: str | None
) -> np.ndarray:
    """Labels of lesions from their types, (m,) int64.

    A label is an index in :func:`type_classes`, -1 for a type without class.
    With one lesion class all labels are 0.

    Args:
        numbers: (m,) types, the keys of `LESION_TYPES` or `UNKNOWN_TYPE`.
        lesion_types: As for :func:`type_classes`.
    """
    classes = type_classes(lesion_types)
    if not classes:
        return np.zeros(len(numbers), dtype=np.int64)
    other = len(LESION_TYPES) if lesion_types == 'all' else -1
    return np.array(
        [n - 1 if n in LESION_TYPES else other for n in numbers],
        dtype=np.int64,
    )


def is_lesion(label: int, classes: Sequence[str]) -> bool:
    """Whether a label is the first class or a lesion type."""
    return label == 0 or classes[label] in type_classes('all')
