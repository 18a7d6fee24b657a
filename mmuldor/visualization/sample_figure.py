"""One training sample: the slice as stored, and as the model sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from mmuldor.visualization.marks import (
    MINED,
    REFERENCE,
    draw_box,
    draw_lesion,
    draw_region,
)
from mmuldor.visualization.panels import PanelGrid

_SIDE_PX = 460


@dataclass(frozen=True, eq=False)
class Target:
    """One instance that the model is trained on.

    Attributes:
        bbox: ``[x1, y1, w, h]`` in the model's pixels, centres at integers.
        polygons: Outlines of its mask, (N, 2) each.
        is_lesion: False for a mined hard negative.
    """

    bbox: Sequence[float]
    polygons: Sequence[np.ndarray]
    is_lesion: bool


def sample_figure(
    picture: np.ndarray,
    lesions: Sequence[dict],
    inputs: Sequence[np.ndarray],
    targets: Sequence[Target],
    title: str,
) -> Figure:
    """Draw a sample.

    Args:
        picture: The stored key slice, windowed, (H, W, 3) uint8.
        lesions: Its annotations, ``bbox`` and ``recist_px``.
        inputs: The key slice as it goes into the model, (h, w) grey values in
            [0, 255], one a window.
        targets: What the model is trained on, in the frame of ``inputs``.
        title: What the sample is, one line.
    """
    grid = PanelGrid(1, 1 + len(inputs), _SIDE_PX)
    ax = grid.add(0, 0, picture, _whole(picture), title)
    for lesion in lesions:
        draw_lesion(ax, lesion)
    for column, grey in enumerate(inputs, start=1):
        shown = np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
        height, width = shown.shape
        caption = f'input {column} of {len(inputs)}: {width} x {height} px'
        rgb = np.repeat(shown[..., None], 3, axis=2)
        ax = grid.add(0, column, rgb, _whole(rgb), caption)
        for target in targets:
            color = REFERENCE if target.is_lesion else MINED
            draw_region(ax, target.polygons, color, fill=0.2)
            draw_box(ax, target.bbox, color, dashed=not target.is_lesion)
    return grid.fig


def _whole(picture: np.ndarray) -> tuple[float, float, float, float]:
    """A square view of the whole picture."""
    side = max(picture.shape[:2])
    return -0.5, -0.5, side - 0.5, side - 0.5
