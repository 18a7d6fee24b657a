"""Reader of other detectors' results as a COCO list."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmuldor.evaluation.conversion.csv_and_yolo import (
    ForeignDetection,
    corners_of,
    image_finder,
)
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import are_coordinates, shortened


def read_coco_results(
    path: Path,
    images: Sequence[dict[str, Any]],
    boxes: str,
    images_file: str | os.PathLike[str] | None = None,
) -> Iterator[ForeignDetection]:
    """Detections of a COCO list, see :mod:`.convert`."""
    results = read_json(path)
    if isinstance(results, dict) and 'annotations' in results:
        results = results['annotations']
    if not isinstance(results, list):
        raise ValueError(
            f'{path} must hold a list of results, but got a '
            f'{type(results).__name__}.'
        )
    names_by_id = _names_by_image_id(images_file) if images_file else None
    find = image_finder(images) if names_by_id or _by_name(results) else None
    ours = {image['id'] for image in images}
    for index, result in enumerate(results):
        where = f'{path}: entry {index}'
        if not isinstance(result, dict):
            raise ValueError(
                f'{where} must be an object, but got {shortened(result)}.'
            )
        number = result.get('image_id')
        name = result.get('file_name')
        if names_by_id is not None:
            hashable = type(number) in (int, str)
            name = names_by_id.get(number) if hashable else None
            if name is None:
                raise ValueError(
                    f'{where}: `image_id` must be one of {images_file}, but '
                    f'got {shortened(number)}.'
                )
        elif not isinstance(name, str) and isinstance(number, str):
            name = number
        if isinstance(name, str) and find is not None:
            number = find(name, where)
        elif type(number) is not int or number not in ours:
            raise ValueError(
                f'{where}: `image_id` must be an id of the annotation file, '
                f'but got {shortened(number)}. Are the ids of another COCO '
                'file? Give it with `--images-file`.'
            )
        label = result.get('category_id', '')
        yield ForeignDetection(
            where,
            number,
            corners_of(_numbers(result, 'bbox', 4, where), boxes),
            _numbers({'score': [result.get('score')]}, 'score', 1, where)[0],
            label if isinstance(label, str) else shortened(label),
        )


def _by_name(results: Sequence[Any]) -> bool:
    return any(
        isinstance(result, dict)
        and (
            isinstance(result.get('file_name'), str)
            or isinstance(result.get('image_id'), str)
        )
        for result in results
    )


def _names_by_image_id(path: str | os.PathLike[str]) -> dict[Any, str]:
    """File names by their image ids."""
    document = read_json(path)
    images = document.get('images') if isinstance(document, dict) else None
    listed: Any = images
    try:
        return {image['id']: str(image['file_name']) for image in listed}
    except (TypeError, KeyError) as error:
        raise ValueError(
            f'{path} must be a COCO file whose `images` have `id` and '
            f'`file_name`, but {error!r}.'
        ) from None


def _numbers(
    entry: dict[str, Any], key: str, count: int, where: str
) -> list[float]:
    values: Any = entry.get(key)
    if not are_coordinates(values, count):
        must = f'{count} finite numbers' if count > 1 else 'a finite number'
        single = count == 1 and isinstance(values, list)
        shown = values[0] if single else values
        raise ValueError(
            f'{where}: `{key}` must be {must}, but got {shortened(shown)}.'
        )
    return [float(value) for value in values]
