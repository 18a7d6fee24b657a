"""COCO run-length masks out of files."""

from __future__ import annotations

from typing import Any

import numpy as np

from mmuldor.io.limits import MAX_SIDE_PX
from mmuldor.io.values import is_integer, short


def decode_mask(segmentation: Any) -> np.ndarray:
    """The mask of a run-length encoding, (height, width) bool.

    Args:
        segmentation: ``size`` [H, W] and ``counts``, a compressed string or
            a list of integers.

    Raises:
        ValueError: If it is not a run-length mask, or one of absurd size.
    """
    from pycocotools import mask as coco_mask

    size = segmentation.get('size') if isinstance(segmentation, dict) else None
    good = (
        isinstance(size, (list, tuple))
        and len(size) == 2
        and all(is_integer(v) and 0 < v <= MAX_SIDE_PX for v in size)
    )
    counts = segmentation.get('counts') if good else None
    try:
        if isinstance(counts, list):
            segmentation = coco_mask.frPyObjects(segmentation, *size)
        elif not isinstance(counts, (str, bytes)):
            raise TypeError('no counts')
        mask = coco_mask.decode(segmentation)
        if mask.shape != tuple(size):
            raise ValueError(f'it decodes to {mask.shape}')
    # The decoder raises whatever comes of wrong counts.
    except Exception as error:
        raise ValueError(
            '`segmentation` must be a COCO run-length mask, `size` (1 to '
            f'{MAX_SIDE_PX} px) and `counts`, but got {short(segmentation)}: '
            f'{error!r}.'
        ) from error
    return mask.astype(bool)
