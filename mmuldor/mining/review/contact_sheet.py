"""Mined examples as contact sheets for a reader."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from matplotlib.figure import Figure

from mmuldor.io.annotations import lesions_of
from mmuldor.visualization.ct_image import load_slice
from mmuldor.visualization.marks import (
    MINED,
    draw_box,
    draw_lesion,
    draw_region,
)
from mmuldor.visualization.panels import PanelGrid, square_view

COLUMNS, ROWS = 6, 4
_SIDE_PX = 230
# A crop shows at least this share of the slice's longer side.
_LEAST = 0.22


def contact_sheets(
    examples: Sequence[Mapping],
    document: Mapping,
    images_dir: str | os.PathLike,
) -> Iterator[Figure]:
    """Draw 24 examples a page: number, S1/S2, file.

    Args:
        examples: From :func:`mmuldor.mining.review.verdicts.examples_of`.
        document: The annotation file that was mined; its lesions are green.
        images_dir: Folder of its images.
    """
    images = {image['id']: image for image in document['images']}
    lesions: dict[int, list] = {}
    for annotation in lesions_of(document):
        lesions.setdefault(annotation['image_id'], []).append(annotation)
    page = COLUMNS * ROWS
    for start in range(0, len(examples), page):
        part = examples[start : start + page]
        grid = PanelGrid(-(-len(part) // COLUMNS), COLUMNS, _SIDE_PX)
        for place, example in enumerate(part):
            image = images[example['image_id']]
            shape = (image['height'], image['width'])
            view = square_view(
                [example['bbox']],
                shape,
                margin=0.6,
                min_side=_LEAST * max(shape),
            )
            caption = (
                f'{example["number"]}:  S1 {example["score"]:.2f}  '
                f'S2 {example["mask_iou"]:.2f}'
            )
            picture = load_slice(image, images_dir)
            ax = grid.add(*divmod(place, COLUMNS), picture, view, caption)
            for lesion in lesions.get(example['image_id'], ()):
                draw_lesion(ax, lesion)
            draw_region(ax, example['polygons'], MINED, fill=0)
            draw_box(ax, example['bbox'], MINED, dashed=True)
        yield grid.fig
