"""Fig. 2 of the paper: pseudo masks over lesions."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from mmuldor.functional.recist import diameters, pseudo_mask_polygon
from mmuldor.io.annotations import lesions_of
from mmuldor.visualization.ct_image import load_slice
from mmuldor.visualization.examples import draw_over_range
from mmuldor.visualization.marks import (
    MASK,
    TRUTH,
    draw_diameters,
    draw_region,
)
from mmuldor.visualization.panels import PanelGrid, square_view


def diameters_mm(
    recist_px: Sequence[float], spacing_mm: Sequence[float]
) -> tuple[float, float]:
    """Long and short RECIST diameter in mm from 8 px and [x, y] mm/px."""
    return diameters(np.reshape(recist_px, (4, 2)) * np.asarray(spacing_mm))


def pseudo_mask_figure(
    document: dict,
    images_dir: str | os.PathLike,
    *,
    outlines: Mapping[int, Sequence[np.ndarray]] | None = None,
    count: int = 12,
    columns: int = 6,
    side: int = 250,
    seed: int = 0,
) -> Figure:
    """Draw RECIST diameters and pseudo masks over lesions of all sizes.

    Args:
        document: Annotation file (``mmuldor.io.annotations``).
        images_dir: Folder of its images.
        outlines: True outlines by annotation id where they are known
            (phantom), each a list of (N, 2) polygons in pixels, centres at
            integers; drawn white.
        count: Number of lesions.
        columns: Panels in a row.
        side: Side of a panel in output pixels.
        seed: Of the choice: one lesion from each of ``count`` size classes.
    """
    images = {image['id']: image for image in document['images']}
    lesions = [a for a in lesions_of(document) if not a.get('noisy')]
    sizes = [
        diameters_mm(a['recist_px'], images[a['image_id']]['spacing_mm'])
        for a in lesions
    ]
    chosen = draw_over_range([long for long, _ in sizes], count, seed)
    grid = PanelGrid.of_number(len(chosen), columns, side, 'no lesion')
    for place, index in enumerate(chosen):
        lesion, image = lesions[index], images[lesions[index]['image_id']]
        shape = (image['height'], image['width'])
        view = square_view([lesion['bbox']], shape, margin=0.3, min_side=24)
        long, short = sizes[index]
        caption = f'{long:.1f} x {short:.1f} mm'
        picture = load_slice(image, images_dir)
        ax = grid.add(*divmod(place, grid.columns), picture, view, caption)
        points = np.reshape(lesion['recist_px'], (4, 2))
        draw_region(ax, [pseudo_mask_polygon(points)], MASK, fill=0.4)
        truth = (outlines or {}).get(lesion['id'], ())
        draw_region(ax, truth, TRUTH, fill=0)
        draw_diameters(ax, lesion['recist_px'], width=2, dot=6)
    return grid.fig
