"""Outlines of predicted masks."""

from __future__ import annotations

import numpy as np
from pycocotools import mask as mask_utils

from mmuldor.functional.masks import mask_polygons


def segmentation_outline(segmentation: dict) -> list[np.ndarray]:
    """Trace the border of a COCO run-length mask, as in results files.

    Args:
        segmentation: ``size`` [H, W] and ``counts``, a string or bytes.

    Returns:
        Polygons (N, 2) in pixels, centres at integers; none for an empty
        mask.

    Raises:
        ValueError: If it is not a run-length mask.
    """
    try:
        mask = mask_utils.decode(segmentation)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            '`segmentation` must be a COCO run-length mask with `size` and '
            f'`counts`, but got {str(segmentation)[:80]}: {error!r}.'
        ) from error
    return mask_polygons(mask)
