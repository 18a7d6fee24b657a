"""Readers of other detectors' results: CSV and YOLO's texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmuldor.evaluation.conversion.class_column import choose_class_column
from mmuldor.evaluation.conversion.image_names import ImageNames
from mmuldor.io.csv_fields import Fields, RowError, read_rows
from mmuldor.io.json_files import read_whole
from mmuldor.io.json_values import shortened
from mmuldor.io.paths import existing_file

# xyxy: two corners. xywh: w is x2 - x1. inclusive: w is x2 - x1 + 1.
BOXES = ('xyxy', 'xywh', 'inclusive')
# YOLO's shares may pass 0 and 1 a little where boxes are not clipped.
_SLACK = 0.5


@dataclass(frozen=True)
class ForeignDetection:
    """One foreign detection, its box as it is written.

    Attributes:
        where: File and line or entry, for messages.
        image_id: The id of its image in our annotation file.
        box: `x1 y1 x2 y2`, counted as theirs.
        score: Its score.
        label: Its class as text, '' without.
    """

    where: str
    image_id: int
    box: tuple[float, float, float, float]
    score: float
    label: str


def corners_of(
    numbers: Sequence[float], boxes: str
) -> tuple[float, float, float, float]:
    """Four numbers of a convention as `x1 y1 x2 y2`."""
    x, y, a, b = numbers
    if boxes == 'xyxy':
        return x, y, a, b
    extra = 1.0 if boxes == 'inclusive' else 0.0
    return x, y, x + a - extra, y + b - extra


def _names(images: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Ids by file name, of COCO images."""
    names: dict[str, int] = {}
    for image in images:
        name = image.get('file_name')
        if not isinstance(name, str) or not name:
            raise ValueError(
                'images of the annotation file need a `file_name` to be found '
                f'by, but that of id {image["id"]} has {shortened(name)}.'
            )
        if name in names:
            raise ValueError(
                'images of the annotation file must differ in `file_name`, '
                f'but {name!r} is that of id {names[name]} and {image["id"]}.'
            )
        names[name] = image['id']
    return names


def image_finder(
    images: Sequence[dict[str, Any]],
) -> Callable[[str, str], int]:
    """Gives the id of an image by its name; errors say where."""
    names = ImageNames(_names(images))
    known: dict[str, int] = {}

    def find(name: str, where: str) -> int:
        if name not in known:
            try:
                known[name] = names.find(name)
            except ValueError as error:
                raise ValueError(f'{where}: {error}') from None
        return known[name]

    return find


def read_csv(
    path: Path,
    images: Sequence[dict[str, Any]],
    boxes: str,
    class_column: str | None = None,
) -> Iterator[ForeignDetection]:
    """Detections of a CSV file, see :mod:`.convert`."""
    corners = ('x1', 'y1', 'x2', 'y2') if boxes == 'xyxy' else tuple('xywh')
    needed = ('image', *corners, 'score')
    find = image_finder(images)
    existing_file(path, 'the results')
    rows = list(read_rows(path, needed, f' (boxes are {boxes})'))
    column = choose_class_column(path, [row for _, row in rows], class_column)
    for where, texts in rows:
        fields = Fields(texts)
        try:
            values = [fields.numbers(c, 1)[0] for c in corners]
            (score,) = fields.numbers('score', 1)
        except RowError as error:
            raise ValueError(f'{where}: {error}.') from None
        yield ForeignDetection(
            where,
            find(texts['image'], f'{where}: image'),
            corners_of(values, boxes),
            score,
            # Without one: a column of row numbers may have no name either.
            texts[column] if column else '',
        )


def read_yolo(
    folder: Path, images: Sequence[dict[str, Any]]
) -> Iterator[ForeignDetection]:
    """Detections of a folder of text files, see :mod:`.convert`."""
    sizes: dict[int, tuple[int, int]] = {}
    for image in images:
        size: Any = (image.get('width'), image.get('height'))
        if not all(type(side) is int and side > 0 for side in size):
            raise ValueError(
                'YOLO boxes are shares of the image, so the annotation file '
                f'must have `width` and `height`, but image {image["id"]} '
                f'has {size[0]} and {size[1]}.'
            )
        sizes[image['id']] = size
    find = image_finder(images)
    paths = sorted(folder.rglob('*.txt')) if folder.is_dir() else []
    if not paths:
        raise FileNotFoundError(
            f'the results must be a folder with .txt files, but got '
            f'{str(folder)!r}.'
        )
    for path in paths:
        if path.name == 'classes.txt':
            continue
        number = find(str(path.relative_to(folder)), str(path))
        try:
            lines = read_whole(path).decode('utf-8-sig').splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f'{path} must be text, but {error}.') from error
        for line, text in enumerate(lines, start=1):
            if text.strip():
                where = f'{path} line {line}'
                yield _yolo_row(where, text.split(), number, sizes[number])


def _yolo_row(
    where: str, words: list[str], number: int, size: tuple[int, int]
) -> ForeignDetection:
    if len(words) == 5:
        raise ValueError(
            f'{where} must be `class cx cy w h confidence`, but has no '
            'confidence. Save it too (YOLO: save_conf=True).'
        )
    try:
        x, y, width, height, score = map(float, words[1:])
        good = all(map(math.isfinite, (x, y, width, height, score)))
    except ValueError:
        good = False
    if not good:
        raise ValueError(
            f'{where} must be `class cx cy w h confidence`, but got '
            f'{" ".join(words)[:80]!r}.'
        )
    if not all(-_SLACK <= v <= 1 + _SLACK for v in (x, y, width, height)):
        raise ValueError(
            f'{where}: boxes must be shares of the image, 0 to 1, but got '
            f'{" ".join(words[1:5])[:80]}. Are they pixels?'
        )
    wide, high = size
    corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    x1, y1, x2, y2 = corners
    box = (x1 * wide, y1 * high, x2 * wide, y2 * high)
    return ForeignDetection(where, number, box, score, words[0])
