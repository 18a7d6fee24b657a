"""Fig. 3 of the paper: what a round of HNEM mined."""

from __future__ import annotations

import os
from collections import defaultdict

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmuldor.io.annotations import lesions_of
from mmuldor.visualization.ct_image import load_slice
from mmuldor.visualization.examples import draw_by_turns
from mmuldor.visualization.labels import LabelPlacer
from mmuldor.visualization.marks import (
    DETECTION,
    MINED,
    draw_box,
    draw_lesion,
    draw_region,
)
from mmuldor.visualization.panels import PanelGrid, square_view

# Panels in a row.
_COLUMNS = 4


def mined_figure(
    bank: dict,
    document: dict,
    images_dir: str | os.PathLike,
    *,
    count: int = 8,
    side: int = 380,
    seed: int = 0,
) -> Figure:
    """Draw mined examples of one round with S1/S2 beside the reference.

    Args:
        bank: Bank file (``mmuldor.mining.bank.load_bank``).
        document: The annotation file that was mined.
        images_dir: Folder of its images.
        count: Number of images, drawn in turn from those with the most
            examples to those with one.
        side: Side of a panel in output pixels.
        seed: Of the choice.

    Raises:
        ValueError: If the bank names an image that the document lacks.
    """
    images = {str(image['id']): image for image in document['images']}
    lesions = defaultdict(list)
    for annotation in lesions_of(document):
        if not annotation.get('noisy'):
            lesions[str(annotation['image_id'])].append(annotation)
    mined = {key: found for key, found in bank['images'].items() if found}
    keys = sorted(mined, key=int)
    _check_known(keys, images)
    numbers = [len(mined[key]) for key in keys]
    turns = sorted(set(numbers), reverse=True)
    chosen = [keys[i] for i in draw_by_turns(numbers, turns, count, seed)]
    grid = PanelGrid.of_number(
        len(chosen), _COLUMNS, side, 'no example was mined in this round'
    )
    for place, key in enumerate(chosen):
        image, shown = images[key], [*mined[key], *lesions[key]]
        shape = (image['height'], image['width'])
        view = square_view(
            [entry['bbox'] for entry in shown],
            shape,
            min_side=max(shape) * 0.4,
        )
        ignored = sum('ignored' in example for example in mined[key])
        caption = f'{image["file_name"]}, {len(mined[key]) - ignored} mined'
        caption += f', {ignored} ignored' if ignored else ''
        picture = load_slice(image, images_dir)
        ax = grid.add(*divmod(place, grid.columns), picture, view, caption)
        _draw_case(ax, mined[key], lesions[key])
    return grid.fig


def _check_known(keys: list[str], images: dict) -> None:
    unknown = [key for key in keys if key not in images]
    if unknown:
        raise ValueError(
            f'the bank must be mined from the given annotation file, but '
            f'{len(unknown)} of its images are not in it (id {unknown[0]}). '
            'Give the training annotations of that run.'
        )


def _draw_case(ax: Axes, mined: list[dict], lesions: list[dict]) -> None:
    labels = LabelPlacer(ax)
    for lesion in lesions:
        draw_lesion(ax, lesion)
        labels.block(lesion['bbox'])
    for example in mined:
        draw_region(ax, example['polygons'], _color(example), fill=0.15)
        draw_box(ax, example['bbox'], _color(example))
        labels.block(example['bbox'])
    for example in mined:
        text = f'{example["score"]:.2f}/{example["mask_iou"]:.2f}'
        labels.place(example['bbox'], text, _color(example))


def _color(example: dict) -> str:
    """Ignored examples look like detections: they are no negatives."""
    return DETECTION if example.get('ignored') else MINED
