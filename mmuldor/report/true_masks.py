"""True outlines of a phantom's lesions."""

from __future__ import annotations

import os

import numpy as np

from mmuldor.io.jsonfile import read_json
from mmuldor.report.outline import segmentation_outline


def load_outlines(
    path: str | os.PathLike, document: dict
) -> dict[int, list[np.ndarray]]:
    """Read the true outlines of the lesions of an annotation file.

    Args:
        path: ``truth.json`` of ``data_prep/make_phantom.py``: ``lesions``,
            each with ``file_name``, ``row`` (data row of the CSV, which is
            the annotation's id; null for one left unannotated) and
            ``segmentation``, a COCO run-length mask.
        document: The annotation file, made from the same phantom.

    Returns:
        By annotation id, polygons (N, 2) in pixels, centres at integers.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, or of another phantom.
    """
    truth = read_json(path)
    names = {image['id']: image['file_name'] for image in document['images']}
    try:
        lesions = {
            (lesion['row'], lesion['file_name']): lesion['segmentation']
            for lesion in truth['lesions']
        }
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path} must be the truth.json of `python '
            f'data_prep/make_phantom.py`, but {error!r}.'
        ) from error
    outlines = {}
    for annotation in document['annotations']:
        key = (annotation['id'], names[annotation['image_id']])
        if key not in lesions:
            raise ValueError(
                f'{path} must belong to the phantom of the annotation file, '
                f'but it has no lesion for row {key[0]} ({key[1]}).'
            )
        try:
            outlines[annotation['id']] = segmentation_outline(lesions[key])
        except ValueError as error:
            raise ValueError(
                f'{path}: lesion of row {key[0]}: {error}'
            ) from None
    return outlines
