"""Masks of annotated lesions: drawn from diameters, or stored in the file.

Pixel centres lie at integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.functional.arrays import Bools, Floats
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import STORED, PseudoMask
from mmuldor.io.run_length import (
    decode_mask,
    decode_runs,
    segmentation_outline,
)

MAKE_COMMAND = command_line('data grabcut', '--ann FILE --images DIR')


def lesion_outlines(
    lesion: Mapping[str, Any], drawn: PseudoMask
) -> list[Floats]:
    """The outlines of a lesion's mask.

    Args:
        lesion: ``recist_px``, eight numbers; for the shape 'segmentation' its
            COCO run lengths instead.
        drawn: How masks are drawn.

    Returns:
        Polygons (N, 2) in px, the largest first; one of a drawn mask.

    Raises:
        ValueError: If the mask is stored and is missing, damaged or empty.
    """
    if drawn.shape != STORED:
        return [drawn.polygon(np.asarray(lesion['recist_px']))]
    outlines = segmentation_outline(_stored(lesion))
    if not outlines:
        raise ValueError('`segmentation` must have a pixel, but it is empty.')
    return outlines


def lesion_mask(
    lesion: Mapping[str, Any], drawn: PseudoMask, size: tuple[int, int]
) -> Bools:
    """The pixels of a lesion's mask, (height, width) bool.

    Args:
        lesion: As for :func:`lesion_outlines`.
        drawn: How masks are drawn.
        size: Height and width of the image.

    Raises:
        ValueError: As for :func:`lesion_outlines`, or the stored mask is of
            an image of another size.
    """
    if drawn.shape != STORED:
        return rasterize(lesion_outlines(lesion, drawn)[0], *size)
    check_stored(lesion, size)
    return decode_mask(lesion['segmentation'])


def check_stored(lesion: Mapping[str, Any], size: tuple[int, int]) -> None:
    """Raise ValueError unless a lesion has a mask of its image's size.

    Args:
        lesion: Its ``segmentation`` is checked.
        size: Height and width of the image.
    """
    runs, found = decode_runs(_stored(lesion))
    if found != size:
        raise ValueError(
            f'`segmentation` must have the size of its image, {list(size)}, '
            f'but has {list(found)}.'
        )
    if not runs[1::2].any():
        raise ValueError('`segmentation` must have a pixel, but it is empty.')


def _stored(lesion: Mapping[str, Any]) -> dict[str, Any]:
    if 'segmentation' not in lesion:
        raise ValueError(
            f'a lesion must have a `segmentation` for `shape={STORED!r}`, '
            f'but has none. `{MAKE_COMMAND}` adds it.'
        )
    segmentation: dict[str, Any] = lesion['segmentation']
    return segmentation
