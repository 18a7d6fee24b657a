"""The annotation JSON that `data_prep/deeplesion_to_coco.py` writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import mul
from pathlib import Path
from typing import Any

from mmuldor.classes import LESION_CATEGORY
from mmuldor.commands import command_line
from mmuldor.io.categories import OPTION, of_lesions
from mmuldor.io.json_files import read_json
from mmuldor.io.json_values import (
    are_coordinates,
    is_finite,
    is_inside_name,
    is_integer,
    shortened,
)
from mmuldor.io.limits import (
    INTERVAL_MM,
    MAX_EXTENT_MM,
    MAX_SIDE_PX,
    PIXEL_MM,
)

# What a key's value must fulfil, and how a message says it.
Rules = dict[str, tuple[Callable[[Any], bool], str]]
MAKE_COMMAND = command_line(
    'data deeplesion', '--csv DL_info.csv --images DIR --out DIR'
)
_CONVERT_COMMAND = command_line(
    'data slices', '--images DIR --coco FILE --out DIR'
)
_CONVERT = f' A COCO file becomes one of ours by `{_CONVERT_COMMAND}`.'


def load_annotations(
    path: str | os.PathLike[str],
    *,
    boxes_only: bool = False,
    lesion_category: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Reads and validates an annotation JSON.

    Coordinates are source-image pixels whose centres lie at integers; boxes
    are `[x1, y1, x2 - x1, y2 - y1]`, `recist_px` is x y of four endpoints.

    Args:
        path: the JSON file.
        boxes_only: ask only for what an evaluation needs (image ids, boxes
            and their categories), so that COCO files of other origin work.
        lesion_category: with `boxes_only`, the names or ids of the categories
            of lesions, see `mmuldor.io.categories`.

    Returns:
        The document: `info`, `categories`, `images`, `annotations`. It is
        unchanged, but with `boxes_only` the annotations are those of lesions,
        as category 1, and `left_out` has the number of others, if any, by
        category.

    Raises:
        FileNotFoundError: no such file; names the command that makes it.
        ValueError: names the file, the entry's id and the key that is wrong.
    """
    advice = f'Create it: of DeepLesion, `{MAKE_COMMAND}`; of own slices, '
    phantom = command_line('data phantom', 'DIR')
    advice += f'`{_CONVERT_COMMAND}`; a phantom, `{phantom}`.'
    document: dict[str, Any] = read_json(path, '`ann_file`', advice)
    check_annotations(document, path, boxes_only=boxes_only)
    if boxes_only:
        document = of_lesions(document, path, lesion_category)
    return document


def lesions_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The annotations that are lesions, without the ignored regions."""
    return [a for a in document['annotations'] if not a.get('iscrowd')]


def crowds_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ignored regions: annotations with COCO's `iscrowd`.

    Nobody says how many lesions are inside. They are neither lesions nor
    background, in training and in evaluation.
    """
    return [a for a in document['annotations'] if a.get('iscrowd')]


def check_annotations(
    document: Any, path: str | os.PathLike[str], *, boxes_only: bool = False
) -> None:
    """Checks the document of an annotation JSON as `load_annotations` does.

    Raises:
        ValueError: names `path`, the entry's id and the key that is wrong.
    """
    path = Path(path)
    if not isinstance(document, dict):
        raise ValueError(
            f'{path} must hold a JSON object with images and annotations, '
            f'but got a {type(document).__name__}.'
            + (' Are these results?' if isinstance(document, list) else '')
        )
    images = _entries(path, document, 'images')
    lesions = _entries(path, document, 'annotations')
    image_rules, lesion_rules = _IMAGE_RULES, {**_BOX_RULES, **_LESION_RULES}
    maybe = _CROWD_RULES
    if boxes_only:
        image_rules, lesion_rules = {}, {**_BOX_RULES, **_ANY_CATEGORY}
        maybe = {**_CROWD_RULES, **_MAYBE_RULES}
    _check_entries(path, 'images', images, image_rules, maybe)
    _check_entries(path, 'annotations', lesions, lesion_rules, maybe)
    if not boxes_only:
        _check_slices(path, images)
        _check_unique(path, 'images', 'file_name', images)
    _check_references(path, images, lesions)


def _entries(
    path: Path, document: dict[str, Any], key: str
) -> list[dict[str, Any]]:
    found = document.get(key)
    if not isinstance(found, list) or not all(
        isinstance(entry, dict) for entry in found
    ):
        raise ValueError(
            f'{path}: `{key}` must be a list of objects, but got '
            f'{shortened(found)}. Create the file with `{MAKE_COMMAND}`.'
        )
    return found


def _check_entries(
    path: Path,
    group: str,
    entries: list[dict[str, Any]],
    rules: Rules,
    maybe: Rules,
) -> None:
    for index, entry in enumerate(entries):
        if not _is_id(entry.get('id')):
            raise ValueError(
                f'{path}: {group}[{index}]: `id` must be an integer of 0 or '
                f'more, but got {shortened(entry.get("id"))}.'
            )
        there = {key: rule for key, rule in maybe.items() if key in entry}
        for key, (valid, must) in {**rules, **there}.items():
            if key not in entry or not valid(entry[key]):
                found = shortened(entry[key]) if key in entry else 'nothing'
                foreign = key not in entry and key not in _BOX_RULES
                raise ValueError(
                    f'{path}: {group} id {entry["id"]}: `{key}` must be '
                    f'{must}, but got {found}.{_CONVERT if foreign else ""}'
                )
    _check_unique(path, group, 'id', entries)


def _check_unique(
    path: Path, group: str, key: str, entries: Iterable[dict[str, Any]]
) -> None:
    seen = set()
    for entry in entries:
        if entry[key] in seen:
            raise ValueError(
                f'{path}: {group} id {entry["id"]}: `{key}` must be unique, '
                f'but {entry[key]!r} occurs twice.'
            )
        seen.add(entry[key])


def _check_slices(path: Path, images: list[dict[str, Any]]) -> None:
    for image in images:
        low, high = image['slice_range']
        if not low <= image['key_slice'] <= high:
            raise ValueError(
                f'{path}: images id {image["id"]}: `key_slice` must lie in '
                f'`slice_range` {low} to {high}, but got '
                f'{image["key_slice"]}.'
            )
        sides = (image['width'], image['height'])
        if max(map(mul, sides, image['spacing_mm'])) > MAX_EXTENT_MM:
            raise ValueError(
                f'{path}: images id {image["id"]}: `width`, `height` and '
                f'`spacing_mm` must give at most {MAX_EXTENT_MM:g} mm a side, '
                f'but got {sides[0]} x {sides[1]} px of '
                f'{image["spacing_mm"]} mm.'
            )


def _check_references(
    path: Path, images: list[dict[str, Any]], lesions: list[dict[str, Any]]
) -> None:
    known = {image['id'] for image in images}
    for lesion in lesions:
        if lesion['image_id'] not in known:
            raise ValueError(
                f'{path}: annotations id {lesion["id"]}: `image_id` must be '
                f'the id of an image of the file, but got '
                f'{lesion["image_id"]}.'
            )


def _is_id(value: Any) -> bool:
    return is_integer(value) and value >= 0


def _is_size(value: Any) -> bool:
    return is_integer(value) and 0 < value <= MAX_SIDE_PX


def _is_box(value: Any) -> bool:
    return are_coordinates(value, 4) and value[2] > 0 and value[3] > 0


def _is_recist(value: Any) -> bool:
    if not are_coordinates(value, 8):
        return False
    return bool(value[0:2] != value[2:4] and value[4:6] != value[6:8])


def _is_interval(value: Any) -> bool:
    low, high = INTERVAL_MM
    return is_finite(value) and low <= value <= high


def _are_spacings(value: Any) -> bool:
    low, high = PIXEL_MM
    return (
        are_coordinates(value, 2) and low <= min(value) <= max(value) <= high
    )


def _is_range(value: Any) -> bool:
    integers = isinstance(value, list) and all(map(is_integer, value))
    return integers and len(value) == 2 and value[0] <= value[1]


def _is_window(value: Any) -> bool:
    return are_coordinates(value, 2) and value[0] < value[1]


_IMAGE_RULES: Rules = {
    'file_name': (
        is_inside_name,
        'a name inside the folder of images, such as 000001_01_01/109.png',
    ),
    'height': (_is_size, f'an integer from 1 to {MAX_SIDE_PX}'),
    'width': (_is_size, f'an integer from 1 to {MAX_SIDE_PX}'),
    'spacing_mm': (
        _are_spacings,
        'two numbers from {:g} to {:g}'.format(*PIXEL_MM),
    ),
    'slice_interval_mm': (
        _is_interval,
        'a number from {:g} to {:g}'.format(*INTERVAL_MM),
    ),
    'key_slice': (is_integer, 'an integer'),
    'slice_range': (_is_range, 'two integers, the smaller first'),
    'patient': (is_integer, 'an integer'),
    'window_hu': (_is_window, 'two numbers, the smaller first'),
}
_BOX_RULES: Rules = {
    'image_id': (_is_id, 'an integer of 0 or more'),
    'category_id': (
        lambda value: value == LESION_CATEGORY and is_integer(value),
        f'{LESION_CATEGORY} (lesion), as the commands of data_prep write it '
        f'(they map others: `{OPTION}`)',
    ),
    'bbox': (
        _is_box,
        'four finite numbers x1 y1 w h, w and h positive',
    ),
}
_LESION_RULES: Rules = {
    'recist_px': (
        _is_recist,
        'eight finite numbers, x y of four endpoints, with two diameters '
        'longer than zero',
    ),
    'lesion_type': (is_integer, 'an integer'),
    'noisy': (lambda value: isinstance(value, bool), 'true or false'),
}
_ANY_CATEGORY: Rules = {
    'category_id': (_is_id, 'an integer of 0 or more'),
}
_CROWD_RULES: Rules = {
    'iscrowd': (lambda value: value in (0, 1), '0 or 1'),
}
# What an evaluation asks for where it is there.
_MAYBE_RULES: Rules = {
    'noisy': _LESION_RULES['noisy'],
    'patient': (
        lambda value: is_integer(value) or isinstance(value, str),
        'an integer or a text',
    ),
}
