"""True outlines of a phantom's lesions."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.io.annotations import lesions_of
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import is_integer, shortened
from mmuldor.io.run_length import segmentation_outline


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
    lesions = _masks(truth, path)
    outlines = {}
    for annotation in lesions_of(document):
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


def _masks(truth: Any, path: str | os.PathLike) -> dict[tuple, Any]:
    """Run-length masks by row and file name."""
    listed = truth.get('lesions') if isinstance(truth, dict) else None
    if not isinstance(listed, list):
        raise ValueError(
            f'{path} must be the truth.json of '
            f'`{command_line("data phantom")}`, an object with a list '
            '`lesions`.'
        )
    masks = {}
    for index, lesion in enumerate(listed):
        where = f'{path}: lesions[{index}]'
        if not isinstance(lesion, dict):
            raise ValueError(
                f'{where} must be an object, but got {shortened(lesion)}.'
            )
        row, name = lesion.get('row', ''), lesion.get('file_name')
        if row is not None and not is_integer(row):
            raise ValueError(
                f'{where}: `row` must be an integer or null, but got '
                f'{shortened(row)}.'
            )
        if not isinstance(name, str) or not name:
            raise ValueError(
                f'{where}: `file_name` must be a text, but got '
                f'{shortened(name)}.'
            )
        masks[row, name] = lesion.get('segmentation')
    return masks
