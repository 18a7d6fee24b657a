"""Lesions by size, type and slice interval, as DeepLesion papers split them.

Sizes and intervals as in 3DCE (Yan et al., MICCAI 2018): long diameter below
10, 10 to 30 and above 30 mm; interval up to 2.5 mm and above.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmuldor.classes import LESION_TYPES
from mmuldor.functional.diameters import by_size, long_diameters_mm

INTERVAL_MM = 2.5


def by_type(lesion_types: Sequence[int]) -> dict[str, np.ndarray]:
    """Masks (m,) of the known types that occur, by their names."""
    types = np.asarray(lesion_types)
    return {
        name: types == number
        for number, name in LESION_TYPES.items()
        if (types == number).any()
    }


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
