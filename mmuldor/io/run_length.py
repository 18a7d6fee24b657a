"""COCO run-length masks as files hold them.

pycocotools decodes faster, but writes past its buffers, and crashes, where
counts are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmuldor.functional.arrays import Bools, Floats, Ints, Numbers
from mmuldor.functional.masks import mask_polygons
from mmuldor.io.json_values import is_integer, shortened
from mmuldor.io.limits import MAX_SIDE_PX


def encode_runs(
    runs: Sequence[Ints], height: int, width: int
) -> list[dict[str, Any]]:
    """Masks of one size, as runs, in the form that JSON holds.

    Args:
        runs: From :func:`mmuldor.functional.masks.mask_runs`.
        height: Rows of the masks.
        width: Columns of the masks.

    Returns:
        Of each, ``size`` [H, W] and ``counts``, a compressed string.
    """
    from pycocotools import mask as coco_mask

    size = [height, width]
    plain = [{'size': size, 'counts': lengths.tolist()} for lengths in runs]
    return list(map(as_json, coco_mask.frPyObjects(plain, height, width)))


def encode_mask(mask: Numbers) -> dict[str, Any]:
    """One mask, (H, W) bool, in the form that JSON holds."""
    from pycocotools import mask as coco_mask

    return as_json(coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8)))


def as_json(rle: Mapping[str, Any]) -> dict[str, Any]:
    """A run-length mask of pycocotools in the form that JSON holds."""
    counts = rle['counts']
    if isinstance(counts, bytes):
        counts = counts.decode('ascii')
    return {'size': [int(side) for side in rle['size']], 'counts': counts}


def decode_mask(segmentation: Any) -> Bools:
    """The mask of a run-length encoding, (height, width) bool.

    Args:
        segmentation: See :func:`decode_runs`.

    Raises:
        ValueError: If it is not a run-length mask, or one of absurd size.
    """
    runs, size = decode_runs(segmentation)
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(size, order='F')


def decode_runs(segmentation: Any) -> tuple[Ints, tuple[int, int]]:
    """The run lengths of a mask and its height and width.

    Args:
        segmentation: ``size`` [H, W] and ``counts``, a compressed string or
            a list of integers: lengths of runs along columns, the first of
            what is not the mask.

    Returns:
        (n,) int64, which add up to height * width, and the size.

    Raises:
        ValueError: If it is not a run-length mask, or one of absurd size.
    """
    size = segmentation.get('size') if isinstance(segmentation, dict) else None
    try:
        if not isinstance(size, (list, tuple)) or len(size) != 2:
            raise ValueError('it has no `size` of two numbers')
        if not all(is_integer(v) and 0 < v <= MAX_SIDE_PX for v in size):
            raise ValueError(f'a side is not 1 to {MAX_SIDE_PX} px')
        runs = _runs(segmentation.get('counts'))
        # Sums of arrays could overflow.
        if min(runs, default=0) < 0 or sum(runs) != size[0] * size[1]:
            raise ValueError('its runs do not fill the mask')
    except ValueError as error:
        raise ValueError(
            '`segmentation` must be a COCO run-length mask, `size` and '
            f'`counts`, but got {shortened(segmentation)}: {error}.'
        ) from None
    return np.array(runs, dtype=np.int64), (size[0], size[1])


def _runs(counts: Any) -> list[int]:
    """Lengths of the runs."""
    if isinstance(counts, list) and all(map(is_integer, counts)):
        return counts
    if isinstance(counts, str):
        counts = counts.encode('ascii', 'replace')
    if not isinstance(counts, bytes):
        raise ValueError('`counts` are neither a text nor integers')
    runs: list[int] = []
    value, shift = 0, 0
    for sign in counts:
        # Six bits a character from '0' on: five of the number, one for more.
        part = sign - 48
        if not 0 <= part < 64 or shift > 30:
            raise ValueError(f'`counts` hold {chr(sign)!r}')
        value |= (part & 0x1F) << shift
        shift += 5
        if part & 0x20:
            continue
        if part & 0x10:
            value -= 1 << shift
        # From the fourth on, the difference to the one before the last.
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise ValueError('`counts` end inside a number')
    return runs


def segmentation_outline(segmentation: dict[str, Any]) -> list[Floats]:
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
