"""Which examples a figure shows: by a fixed rule and a seed."""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np


def draw_over_range(
    values: Sequence[float], count: int, seed: int
) -> list[int]:
    """Draw examples over the whole range of a value, small to large.

    The sorted values are cut into ``count`` parts of (nearly) equal number,
    and one is drawn from each.

    Args:
        values: One number for each candidate.
        count: How many to draw; all where there are fewer.
        seed: Of the draw.

    Returns:
        Indices by rising value.
    """
    order = np.argsort(np.asarray(values, dtype=np.float64), kind='stable')
    rng = np.random.default_rng(seed)
    parts = np.array_split(order, min(count, len(order)) or 1)
    return [int(rng.choice(part)) for part in parts if len(part)]


def draw_by_turns(
    groups: Sequence[Hashable],
    order: Sequence[Hashable],
    count: int,
    seed: int,
) -> list[int]:
    """Draw examples from several groups in turn.

    Args:
        groups: The group of each candidate.
        order: The order in which groups take turns; one may come twice. A
            group without further candidates is passed over.
        count: How many to draw.
        seed: Of the draw inside the groups.

    Returns:
        Indices in the order of their drawing.
    """
    shuffled = np.random.default_rng(seed).permutation(len(groups))
    waiting = {
        group: [int(i) for i in shuffled if groups[i] == group]
        for group in order
    }
    chosen: list[int] = []
    while len(chosen) < count and any(waiting.values()):
        for group in order:
            if waiting[group] and len(chosen) < count:
                chosen.append(waiting[group].pop(0))
    return chosen


def with_existing_images(
    document: dict, path: str | os.PathLike, images_dir: Path
) -> dict:
    """The document with only those images whose file is there.

    Args:
        document: Annotation file (``mmuldor.io.annotations``).
        path: Where it was read from, for the message.
        images_dir: Folder of its images.

    Returns:
        The document, and ``missing_images``, how many images were left out.

    Raises:
        FileNotFoundError: If none is there.
    """
    images = document['images']
    there = [i for i in images if (images_dir / i['file_name']).is_file()]
    if not there:
        example = images[0]['file_name'] if images else 'no image'
        raise FileNotFoundError(
            f'`images` must be the folder of the images of {path}, but '
            f'{images_dir} has none of them (first: {example}).'
        )
    ids = {image['id'] for image in there}
    kept = [a for a in document['annotations'] if a['image_id'] in ids]
    return {
        **document,
        'images': there,
        'annotations': kept,
        'missing_images': len(images) - len(there),
    }
