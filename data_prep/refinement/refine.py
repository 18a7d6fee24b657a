"""Masks by GrabCut for the lesions of annotation files."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import pseudo_mask_polygon
from mmuldor.functional.segmentation.grabcut import grabcut_mask
from mmuldor.io.annotations import lesions_of, load_annotations
from mmuldor.io.json_files import write_json_files
from mmuldor.io.paths import existing_folder
from mmuldor.io.png import read_png16
from mmuldor.io.run_length import encode_mask

from ..common.progress import Progress, no_progress

REFINED, DRAWN = 'grabcut', 'quarter_ellipses'


def refine_files(
    files: Sequence[str | os.PathLike],
    images: str | os.PathLike,
    workers: int = 1,
    progress: Progress = no_progress,
) -> dict[str, dict[str, int]]:
    """Give every lesion of annotation files a mask; rewrites the files.

    Args:
        files: Annotation files; all of them are written, or none.
        images: Folder of the images.
        workers: Threads that read and cut images.
        progress: Wraps the loop over images.

    Returns:
        By file, the number of lesions whose mask is `REFINED` and those whose
        mask stays `DRAWN` from the diameters.

    Raises:
        FileNotFoundError: A file or an image is missing.
        ValueError: A file or an image is wrong.
    """
    folder = existing_folder(images, '`--images`')
    documents = {Path(path): load_annotations(path) for path in files}
    jobs = [
        (image, lesions)
        for document in documents.values()
        for image, lesions in _by_image(document)
    ]
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda job: _refine_image(folder, *job), jobs)
        for _ in progress('refining', len(jobs), done):
            pass
    counts = {}
    for path, document in documents.items():
        kinds = [a['segmentation_from'] for a in lesions_of(document)]
        counts[str(path)] = {k: kinds.count(k) for k in (REFINED, DRAWN)}
        document['info'] = {
            **document.get('info', {}),
            'segmentation': counts[str(path)],
        }
    write_json_files(documents)
    return counts


def _by_image(
    document: dict[str, Any],
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each image with its lesions, of those that have any."""
    lesions = defaultdict(list)
    for lesion in lesions_of(document):
        lesions[lesion['image_id']].append(lesion)
    return [
        (image, lesions[image['id']])
        for image in document['images']
        if image['id'] in lesions
    ]


def _refine_image(
    folder: Path, image: dict[str, Any], lesions: list[dict[str, Any]]
) -> None:
    """Add the masks of an image's lesions to their entries."""
    size = (image['height'], image['width'])
    hu = stored_to_hu(read_png16(folder / image['file_name'], size))
    for lesion in lesions:
        ends = np.reshape(np.array(lesion['recist_px'], dtype=float), (4, 2))
        refined = grabcut_mask(hu, ends)
        if refined is None:
            mask = rasterize(pseudo_mask_polygon(ends), *size)
        else:
            mask = np.zeros(size, dtype=bool)
            refined.paint(mask)
        lesion['segmentation'] = encode_mask(mask)
        lesion['segmentation_from'] = DRAWN if refined is None else REFINED
        lesion['area'] = int(mask.sum())
