"""Outlines of predicted masks."""

from __future__ import annotations

import numpy as np

from mmuldor.functional.masks import mask_polygons
from mmuldor.io.run_length import decode_mask


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
    return mask_polygons(decode_mask(segmentation))
