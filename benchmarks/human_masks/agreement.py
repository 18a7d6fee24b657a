"""How well a pseudo mask fits a human one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from benchmarks.human_masks.lesions import HumanLesion
from mmuldor.functional.masks import crop_mask, mask_runs, rasterize
from mmuldor.functional.recist import PseudoMask, diameters
from mmuldor.scans.measurement import measure_slice

# Around both masks, so that no border of a mask is a border of the window.
_MARGIN_PX = 2

FIGURES = (
    *('dice', 'area_ratio', 'mean_mm', 'mean_px', 'hd95_mm', 'hd95_px'),
    *('long_mm', 'short_mm'),
)


def agreement(lesion: HumanLesion, drawn: PseudoMask) -> dict[str, float]:
    """The `FIGURES` of a pseudo mask beside the human mask.

    Returns:
        ``dice``; ``area_ratio``, pseudo over human; mean and 95 % distance of
        the boundaries (`boundary_distances`) in mm and px; ``long_mm`` and
        ``short_mm``: RECIST diameters of the pseudo mask minus the annotated
        ones.
    """
    polygon = drawn.polygon(lesion.ends_px)
    human, pseudo = common_window(lesion, polygon)
    both = np.count_nonzero(human & pseudo)
    areas = np.count_nonzero(human), np.count_nonzero(pseudo)
    columns, rows = lesion.spacing_mm
    mean_mm, hd95_mm = boundary_distances(human, pseudo, (rows, columns))
    mean_px, hd95_px = boundary_distances(human, pseudo, (1, 1))
    long_mm, short_mm = recist_error_mm(pseudo, lesion)
    return {
        'dice': 2 * both / sum(areas),
        'area_ratio': areas[1] / areas[0],
        'mean_mm': mean_mm,
        'mean_px': mean_px,
        'hd95_mm': hd95_mm,
        'hd95_px': hd95_px,
        'long_mm': long_mm,
        'short_mm': short_mm,
    }


def human_recist_error(lesion: HumanLesion) -> dict[str, float]:
    """Diameters of the human mask minus the annotated ones, mm."""
    long_mm, short_mm = recist_error_mm(lesion.mask.bitmap, lesion)
    return {'long_mm': long_mm, 'short_mm': short_mm}


def common_window(
    lesion: HumanLesion, polygon: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Human and pseudo mask in a window that holds both, bool each."""
    x1, y1, x2, y2 = lesion.mask.box_px
    low = np.floor(np.minimum([x1, y1], polygon.min(axis=0))).astype(int)
    high = np.ceil(np.maximum([x2, y2], polygon.max(axis=0))).astype(int)
    low, high = low - _MARGIN_PX, high + _MARGIN_PX
    width, height = (high - low + 1).tolist()
    human = np.zeros((height, width), dtype=bool)
    rows, columns = lesion.mask.pixels()
    human[rows - low[1], columns - low[0]] = True
    return human, rasterize(polygon - low, height, width)


def boundary_distances(
    first: np.ndarray, second: np.ndarray, spacing: Sequence[float]
) -> tuple[float, float]:
    """Mean and 95 % Hausdorff distance of two masks' boundaries.

    A boundary is the mask's pixels that have a side outside. The mean is that
    over the pixels of both boundaries; the 95 % Hausdorff distance is the
    larger of the two directed 95th percentiles, as in medpy and MONAI.

    Args:
        first: (H, W) bool, not empty, without pixels on the border.
        second: The same.
        spacing: Distance of rows and of columns.
    """
    borders = [m & ~ndimage.binary_erosion(m) for m in (first, second)]
    to_first, to_second = (
        ndimage.distance_transform_edt(~border, sampling=spacing)
        for border in borders
    )
    there, back = to_second[borders[0]], to_first[borders[1]]
    mean = np.concatenate([there, back]).mean()
    return float(mean), float(
        max(np.percentile(there, 95), np.percentile(back, 95))
    )


def recist_error_mm(
    mask: np.ndarray, lesion: HumanLesion
) -> tuple[float, float]:
    """Long and short diameter of a mask minus the annotated ones, mm."""
    cropped = crop_mask(mask)
    if cropped is None:
        raise ValueError('a mask must have a pixel, but it is empty.')
    measured = measure_slice(cropped, lesion.spacing_mm.tolist())
    long_mm, short_mm = diameters(lesion.ends_px * lesion.spacing_mm)
    return measured.long_mm - long_mm, measured.short_mm - short_mm


def dice_of_polygons(
    lesion: HumanLesion, polygons: Sequence[np.ndarray]
) -> np.ndarray:
    """Dice of the human mask and many polygons at once, (n,).

    Equal to `agreement`, but without an array for each: the overlap is a
    difference of cumulative sums of the human mask, column by column.
    """
    points = np.concatenate(polygons)
    x1, y1, x2, y2 = lesion.mask.box_px
    low = np.floor(np.minimum([x1, y1], points.min(axis=0))).astype(int)
    high = np.ceil(np.maximum([x2, y2], points.max(axis=0))).astype(int)
    width, height = (high - low + 1).tolist()
    human = np.zeros((height, width), dtype=bool)
    rows, columns = lesion.mask.pixels()
    human[rows - low[1], columns - low[0]] = True
    before = np.concatenate([[0], np.cumsum(human.T.reshape(-1))])
    found = np.empty(len(polygons))
    runs = mask_runs([polygon - low for polygon in polygons], height, width)
    for index, lengths in enumerate(runs):
        ends = np.cumsum(lengths)
        starts, stops = ends[:-1:2], ends[1::2]
        both = (before[stops] - before[starts]).sum()
        found[index] = 2 * both / (before[-1] + (stops - starts).sum())
    return found
