"""A lesion of a volume on its key slice."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mmuldor.functional.hounsfield import window_hu
from mmuldor.scans.lesions import Lesion
from mmuldor.scans.volume import Volume
from mmuldor.visualization.ct_image import DEFAULT_WINDOW_HU
from mmuldor.visualization.marks import (
    DETECTION,
    MASK,
    draw_box,
    draw_diameters,
    draw_region,
)
from mmuldor.visualization.panels import PanelGrid, square_view


def lesion_figure(
    lesion: Lesion,
    volume: Volume,
    number: int,
    window: tuple[float, float] = DEFAULT_WINDOW_HU,
) -> Figure:
    """Draw the key slice, whole and around the lesion.

    Args:
        lesion: The lesion.
        volume: The scan.
        number: The lesion's number, for the caption.
        window: (low, high) HU of the display window.
    """
    hu = volume.hu[lesion.key_slice]
    grey = np.rint(window_hu(hu.astype(np.float32), *window))
    rgb = np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
    key = lesion.detections[0]
    x1, y1, x2, y2 = key.box_px
    box = [x1, y1, x2 - x1, y2 - y1]
    height, width = hu.shape
    whole = (-0.5, -0.5, max(height, width) - 0.5, max(height, width) - 0.5)
    zoomed = square_view([box], hu.shape, margin=0.8, min_side=40)
    grid = PanelGrid(1, 2, 420)
    captions = (f'slice {lesion.key_slice}', _caption(lesion, number))
    for column, view in enumerate((whole, zoomed)):
        ax = grid.add(0, column, rgb, view, captions[column])
        draw_box(ax, box, DETECTION, dashed=True)
        if column and key.mask is not None:
            draw_region(ax, key.mask.outlines(), MASK, fill=0.25)
        if column and lesion.recist_px is not None:
            draw_diameters(ax, lesion.recist_px.reshape(-1), width=2, dot=6)
    return grid.fig


def _caption(lesion: Lesion, number: int) -> str:
    name = f'lesion {number}'
    if lesion.lesion_type:
        name += f' ({lesion.lesion_type})'
    text = f'{name}, score {lesion.score:.2f}'
    if lesion.long_mm is not None:
        text += f', {lesion.long_mm:.1f} x {lesion.short_mm:.1f} mm'
    if lesion.volume_ml is not None:
        text += f', {lesion.volume_ml:.1f} ml'
    return text
