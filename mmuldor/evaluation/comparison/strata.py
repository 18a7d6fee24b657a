"""Lesions by size, type and slice interval, as DeepLesion papers split them.

Sizes and intervals as in 3DCE (Yan et al., MICCAI 2018): long diameter below
10, 10 to 30 and above 30 mm; interval up to 2.5 mm and above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

# Coarse lesion types of DL_info.csv; -1 is unknown (most of the training).
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
SIZES_MM = (10.0, 30.0)
INTERVAL_MM = 2.5


def long_diameters_mm(
    recist_px: np.ndarray, spacing_mm: np.ndarray
) -> np.ndarray:
    """The longer RECIST diameter of lesions.

    Args:
        recist_px: Endpoints, x y of four, (m, 8).
        spacing_mm: Pixel size x y, (m, 2).

    Returns:
        (m,) float64 in mm.
    """
    points = np.reshape(recist_px, (-1, 4, 2)) * np.asarray(
        spacing_mm, dtype=np.float64
    ).reshape(-1, 1, 2)
    return np.linalg.norm(points[:, 1::2] - points[:, ::2], axis=2).max(axis=1)


def by_size(long_mm: np.ndarray) -> dict[str, np.ndarray]:
    """Masks (m,) of the three sizes by their names."""
    low, high = SIZES_MM
    return {
        f'< {low:g} mm': long_mm < low,
        f'{low:g}-{high:g} mm': (long_mm >= low) & (long_mm <= high),
        f'> {high:g} mm': long_mm > high,
    }


def by_type(lesion_types: Sequence[int]) -> dict[str, np.ndarray]:
    """Masks (m,) of the known types that occur, by their names."""
    types = np.asarray(lesion_types)
    return {
        name: types == number
        for number, name in LESION_TYPES.items()
        if (types == number).any()
    }


def type_classes(lesion_types: str | None) -> tuple[str, ...]:
    """Names of the classes that a choice of lesion types makes.

    Args:
        lesion_types: 'known' for DeepLesion's eight types, 'all' for these
            and 'unknown', None for lesions of one class, which has no types.

    Raises:
        ValueError: If it is something else.
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
    numbers: Sequence[int], lesion_types: str | None
) -> np.ndarray:
    """Labels (m,) of lesions by the numbers of their types.

    The place in :func:`type_classes`; -1 where a type has no class. All are 0
    if lesions have one class.
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
    """Whether a label is of lesions: the first class, or a lesion type."""
    return label == 0 or classes[label] in type_classes('all')


def by_interval(interval_mm: Sequence[float]) -> dict[str, np.ndarray]:
    """Masks (m,) of thin and thick slices by their names."""
    intervals = np.asarray(interval_mm, dtype=np.float64)
    return {
        f'interval <= {INTERVAL_MM:g} mm': intervals <= INTERVAL_MM,
        f'interval > {INTERVAL_MM:g} mm': intervals > INTERVAL_MM,
    }


def strata_of(
    images: Sequence[Mapping], lesions: Sequence[Mapping]
) -> dict[str, np.ndarray]:
    """All strata of annotated lesions that have any, by their names.

    Args:
        images: Records of an annotation file: ``id``, ``spacing_mm``,
            ``slice_interval_mm``.
        lesions: Records: ``image_id``, ``recist_px``, ``lesion_type``.

    Returns:
        Masks (m,) bool over ``lesions``.
    """
    by_id = {image['id']: image for image in images}
    own = [by_id[lesion['image_id']] for lesion in lesions]
    long_mm = long_diameters_mm(
        np.array([lesion['recist_px'] for lesion in lesions], dtype=float),
        np.array([image['spacing_mm'] for image in own], dtype=float),
    )
    strata = {
        **by_size(long_mm),
        **by_interval([image['slice_interval_mm'] for image in own]),
        **by_type([lesion['lesion_type'] for lesion in lesions]),
    }
    return {name: mask for name, mask in strata.items() if mask.any()}
