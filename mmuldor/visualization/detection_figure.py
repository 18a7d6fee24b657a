"""Draw one image's lesions and detections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmuldor.classes import FALSE_POSITIVE_CATEGORY
from mmuldor.io.run_length import segmentation_outline
from mmuldor.visualization.labels import LabelPlacer
from mmuldor.visualization.marks import (
    DETECTION,
    FALSE_CLASS,
    draw_box,
    draw_lesion,
    draw_region,
    full_bleed_axes,
    new_figure,
    show_slice,
)


def draw_detections(
    ax: Axes,
    lesions: Iterable[dict],
    detections: Sequence[dict],
    *,
    font: float = 14,
    diameters: bool = True,
) -> None:
    """Draw the reference green, detections dashed with mask and score.

    Args:
        ax: Axes that show the slice (``marks.show_slice``).
        lesions: Annotations: ``bbox`` and, where known, ``recist_px``.
        detections: ``bbox`` [x1, y1, w, h] in pixels, centres at integers,
            ``score``, ``category_id`` (1 lesion, yellow; 2 false-positive
            class, pink) and optionally ``polygons`` or ``segmentation``.
        font: Size of the scores in output pixels.
        diameters: Draw pseudo masks and diameters of the lesions too.
    """
    labels = LabelPlacer(ax, font)
    for lesion in lesions:
        draw_lesion(ax, lesion, mask=diameters)
        labels.block(lesion['bbox'])
    # The best comes last and on top.
    ordered = sorted(detections, key=lambda found: found['score'])
    for found in ordered:
        draw_region(ax, _outline(found), _color(found), fill=0.12, width=1.2)
        draw_box(ax, found['bbox'], _color(found), dashed=True)
        labels.block(found['bbox'])
    for found in reversed(ordered):
        text = f'{found["score"]:.2f} {found.get("lesion_type", "")}'.strip()
        labels.place(found['bbox'], text, _color(found))


def result_figure(
    picture: np.ndarray,
    lesions: Iterable[dict],
    detections: Sequence[dict],
    *,
    scale: float = 2.0,
) -> Figure:
    """One whole slice, ``scale`` times as large, with what was found on it.

    Args:
        picture: (H, W, 3) uint8.
        lesions: As for :func:`draw_detections`.
        detections: As for :func:`draw_detections`.
        scale: Output pixels for each pixel of the slice.
    """
    height, width = (round(side * scale) for side in picture.shape[:2])
    fig = new_figure(width, height)
    ax = full_bleed_axes(fig, 0, 0, width, height)
    show_slice(ax, picture)
    draw_detections(ax, lesions, detections, font=max(height / 64, 11))
    return fig


def _color(detection: dict) -> str:
    is_false = detection.get('category_id') == FALSE_POSITIVE_CATEGORY
    return FALSE_CLASS if is_false else DETECTION


def _outline(detection: dict) -> Sequence[np.ndarray]:
    if 'polygons' in detection:
        return detection['polygons']
    segmentation = detection.get('segmentation')
    try:
        return segmentation_outline(segmentation) if segmentation else ()
    except ValueError as error:
        place = f'a detection on image id {detection.get("image_id")}'
        source = detection.get('source', 'the results')
        raise ValueError(f'{source}: {place}: {error}') from error
