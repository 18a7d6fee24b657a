"""Whether the image ids of results are ours, or numbers in file names.

Ultralytics (`DetectionValidator.pred_to_json`) writes the number that a file's
name is, 3 for 003.png, as `image_id`, boxes rounded to three decimals and
scores to five. Where such numbers are ids of the annotation file as well,
nothing in the list of results says which of the two they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from mmuldor.commands import command_line
from mmuldor.evaluation.conversion.image_names import ImageNames

# How the option of `tools/convert_results.py` calls the two readings.
ANNOTATION, FILE_NAME = IMAGE_IDS = ('annotation', 'file-name')
OPTION = '--image-ids'
_BOX_DECIMALS, _SCORE_DECIMALS = 3, 5


def numbers_of_names(names: Mapping[int, str]) -> dict[int, list[int]]:
    """Ids of images by the number that their file's name is.

    Args:
        names: `file_name` by image id; names that are no number are passed
            over.
    """
    found: dict[int, list[int]] = {}
    for image_id, name in names.items():
        stem = PurePosixPath(name.replace('\\', '/')).stem
        if stem.isdecimal() and len(stem) < 19:
            found.setdefault(int(stem), []).append(image_id)
    return found


def are_ambiguous(entries: Sequence[Any], names: Mapping[int, str]) -> bool:
    """Whether the ids may be ours and may be numbers in file names.

    They may not where an id is no such number, where both readings are the
    same, and where boxes or scores have more decimals than Ultralytics
    writes.
    """
    ids = _ids(entries)
    numbers = numbers_of_names(names)
    if not ids or not ids <= names.keys() or not ids <= numbers.keys():
        return False
    same = all(numbers[image_id] == [image_id] for image_id in ids)
    return not same and all(map(_is_rounded, entries))


def are_file_numbers(entries: Sequence[Any], names: Mapping[int, str]) -> bool:
    """Whether the ids are numbers in file names and not all of them ours."""
    ids = _ids(entries)
    numbers = numbers_of_names(names)
    return bool(ids) and not ids <= names.keys() and ids <= numbers.keys()


def check_image_ids(
    entries: Sequence[Any],
    names: Mapping[int, str],
    source: str | os.PathLike[str],
) -> None:
    """Refuse results whose ids are not clearly those of the annotations.

    A `file_name` in a result, which newer versions of Ultralytics and
    `tools/convert_results.py` write, decides; it must be that of the image.

    Args:
        entries: From `mmuldor.evaluation.results.read_results`.
        names: `file_name` by image id; empty where the annotations have none.
        source: The file of the entries, for messages.

    Raises:
        ValueError: Names the file, the remedy and its option.
    """
    if _are_named(entries, names, source):
        return
    if are_file_numbers(entries, names):
        raise ValueError(
            f"{source}: `image_id` must be ids of the annotation file's "
            'images, but they are the numbers in file names, as Ultralytics '
            'writes them. Convert the results first: '
            f'`{command_line("convert", f"{source} ...")}`.'
        )
    if are_ambiguous(entries, names):
        raise ValueError(ambiguous_text(entries, names, source))


def ambiguous_text(
    entries: Sequence[Any],
    names: Mapping[int, str],
    source: str | os.PathLike[str],
) -> str:
    """What an error says about ids with two readings, with an example."""
    numbers = numbers_of_names(names)
    example = min(i for i in _ids(entries) if numbers[i] != [i])
    rest = f'{source} {OPTION} {ANNOTATION}'
    return (
        f'{source}: `image_id` may be an id of the annotation file or the '
        'number in a file name, as Ultralytics writes it, and both exist: '
        f'{example} is the id of {names[example]!r} and the number of '
        f'{names[numbers[example][0]]!r}. Say which it is: '
        f'`{command_line("convert", rest)}` (or `{FILE_NAME}`).'
    )


def _are_named(
    entries: Sequence[Any],
    names: Mapping[int, str],
    source: str | os.PathLike[str],
) -> bool:
    """Whether every result names its file; checks those that do."""
    named = [
        (index, entry)
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and isinstance(entry.get('file_name'), str)
    ]
    if not named or not names:
        return False
    find = ImageNames({name: image_id for image_id, name in names.items()})
    known: dict[str, int] = {}
    for index, entry in named:
        name, image_id = entry['file_name'], entry.get('image_id')
        try:
            if name not in known:
                known[name] = find.find(name)
            agree = known[name] == image_id
        except ValueError as error:
            raise ValueError(
                f'{source}: entry {index}: `file_name` {error}'
            ) from None
        if not agree:
            shown = names.get(image_id) if type(image_id) is int else None
            raise ValueError(
                f'{source}: entry {index}: `image_id` must be that of '
                f'`file_name` {name!r}, {known[name]}, but got {image_id!r}'
                + (f', the id of {shown!r}' if shown else '')
                + '. Convert the results first: '
                f'`{command_line("convert", f"{source} ...")}`.'
            )
    return len(named) == len(entries)


def _ids(entries: Iterable[Any]) -> set[int]:
    """The whole numbers among the image ids."""
    ids = (e.get('image_id') for e in entries if isinstance(e, dict))
    return {number for number in ids if type(number) is int}


def _is_rounded(entry: Any) -> bool:
    """Whether a result has as few decimals as Ultralytics writes."""
    if not isinstance(entry, dict):
        return True
    box, score = entry.get('bbox'), entry.get('score')
    values = [(v, _BOX_DECIMALS) for v in box] if isinstance(box, list) else []
    values.append((score, _SCORE_DECIMALS))
    return all(
        round(value, decimals) == value
        for value, decimals in values
        if isinstance(value, float)
    )
