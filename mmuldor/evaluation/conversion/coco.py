"""Reader of other detectors' results as a COCO list."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmuldor.evaluation.conversion.csv_and_yolo import (
    ForeignDetection,
    corners_of,
    image_finder,
)
from mmuldor.evaluation.ground_truth import file_names
from mmuldor.evaluation.image_ids import (
    FILE_NAME,
    ambiguous_text,
    are_ambiguous,
    are_file_numbers,
    numbers_of_names,
)
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import are_coordinates, shortened


def read_coco_results(
    path: Path,
    images: Sequence[dict[str, Any]],
    boxes: str,
    images_file: str | os.PathLike[str] | None = None,
    image_ids: str | None = None,
    note: Callable[[str], object] = str,
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
    by_name = _by_name(results)
    find = image_finder(images) if names_by_id or by_name else None
    id_of: Callable[[Any, str], int] = _our_id({i['id'] for i in images})
    if names_by_id is None and _are_numbers(
        results, file_names(images), path, image_ids, by_name
    ):
        note('image ids are read as the numbers in file names')
        id_of = _numbered(file_names(images))
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
        else:
            number = id_of(number, where)
        label = result.get('category_id', '')
        yield ForeignDetection(
            where,
            number,
            corners_of(_numbers(result, 'bbox', 4, where), boxes),
            _numbers({'score': [result.get('score')]}, 'score', 1, where)[0],
            label if isinstance(label, str) else shortened(label),
        )


def _are_numbers(
    results: Sequence[Any],
    names: Mapping[int, str],
    path: Path,
    image_ids: str | None,
    by_name: bool,
) -> bool:
    """Whether ids that are integers are numbers in file names.

    Raises:
        ValueError: They may be either, and `image_ids` does not say it.
    """
    if image_ids is not None:
        return image_ids == FILE_NAME
    # Beside texts, numbers are what is left of names like 003.
    if by_name:
        return True
    if are_ambiguous(results, names):
        raise ValueError(ambiguous_text(results, names, path))
    return are_file_numbers(results, names)


def _our_id(ours: set[int]) -> Callable[[Any, str], int]:
    def find(number: Any, where: str) -> int:
        if type(number) is not int or number not in ours:
            raise ValueError(
                f'{where}: `image_id` must be an id of the annotation file, '
                f'but got {shortened(number)}. Are the ids of another COCO '
                'file? Give it with `--images-file`.'
            )
        return number

    return find


def _numbered(names: Mapping[int, str]) -> Callable[[Any, str], int]:
    """Gives the id of the only image whose file's name is a number."""
    numbers = numbers_of_names(names)

    def find(number: Any, where: str) -> int:
        found = numbers.get(number, []) if type(number) is int else []
        if len(found) != 1:
            some = ', '.join(repr(names[i]) for i in found[:3])
            raise ValueError(
                f'{where}: `image_id` must be the number in one file name of '
                f'the annotation file, but {shortened(number)} is that of '
                f'{len(found)}{f" ({some})" if some else ""}. Give the COCO '
                'file of these ids with `--images-file`, or results with '
                '`file_name`.'
            )
        return found[0]

    return find


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
