"""Convert results of other detectors into those that `tools/froc.py` reads.

Formats:

- ``coco``: a COCO list of results, whatever its image ids. They are matched
  by file name: by the key ``file_name`` of a result, by an ``image_id`` that
  is a text, or by the images of the COCO file that the ids are of. Integers
  without such a file must be ids of our annotation file.
  Numbers in file names, as Ultralytics writes them, are told from ids by
  :mod:`mmuldor.evaluation.image_ids`, or by the caller.
- ``csv``: columns image, x1, y1, x2, y2 (or x, y, w, h), score and, if there
  are classes, label, class, category or name, in any case.
- ``npz``: NumPy arrays ``names``, ``counts`` and ``dets``, see
  :mod:`.npz`.
- ``yolo``: a folder of ``NAME.txt`` with lines ``class cx cy w h conf``, as
  shares of the image's width and height.

Boxes become floats `[x1, y1, x2 - x1, y2 - y1]` in source-image pixels whose
centres lie at integers.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmuldor.classes import FALSE_POSITIVE_CATEGORY, LESION_CATEGORY
from mmuldor.evaluation.conversion.coco import read_coco_results
from mmuldor.evaluation.conversion.csv_and_yolo import (
    BOXES,
    ForeignDetection,
    read_csv,
    read_yolo,
)
from mmuldor.evaluation.conversion.npz import npz_annotations, read_npz
from mmuldor.evaluation.ground_truth import file_names
from mmuldor.evaluation.image_ids import OPTION as IDS_OPTION
from mmuldor.evaluation.image_ids import are_ambiguous
from mmuldor.io.annotations import check_annotations
from mmuldor.io.json_files import read_json

FORMATS = ('coco', 'csv', 'yolo', 'npz')
DEFAULT_BOXES = {'csv': 'xyxy', 'npz': 'xyxy'}
CLASSES = {
    'lesion': LESION_CATEGORY,
    'fp': FALSE_POSITIVE_CATEGORY,
    'drop': None,
}


@dataclass(frozen=True)
class Convention:
    """How boxes of other tools are written.

    Attributes:
        boxes: One of `BOXES`; YOLO's are always centre and size.
        offset_px: Where the centre of the first pixel lies: 0 if coordinates
            count pixel centres from 0, 0.5 if they count from the outer edge
            of the first pixel, 1 if they count from 1.
        classes: 'lesion', 'fp' or 'drop' by the text of their class. Without
            it, the only class is the lesion.
        class_column: With ``csv``, the column of the class, 'none' for none.
        image_ids: With ``coco``, what integers are: 'annotation', ids of our
            annotation file, or 'file-name', numbers in the names of files.
    """

    boxes: str = 'xywh'
    offset_px: float = 0.0
    classes: Mapping[str, str] = field(default_factory=dict)
    class_column: str | None = None
    image_ids: str | None = None


def convert_results(
    path: str | os.PathLike[str],
    annotations: str | os.PathLike[str] | dict[str, Any],
    kind: str,
    convention: Convention,
    images_file: str | os.PathLike[str] | None = None,
    note: Callable[[str], object] = str,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Read foreign results.

    Args:
        path: The file, or the folder for ``yolo``.
        annotations: Our annotation file, with `file_name` of its images (and
            `height` and `width` for ``yolo``), or what is in one.
        kind: One of `FORMATS`.
        convention: How boxes are written and which class is which.
        images_file: With ``coco``, the COCO file whose image ids they have.
        note: Takes sentences on what was assumed or left out.

    Returns:
        The results for `mmuldor.evaluation.results.write_results`, and counts:
        detections, dropped, images, images_without.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: Names the file and its line or entry.
    """
    _check_options(kind, convention, images_file)
    path = Path(path)
    if isinstance(annotations, dict):
        document = annotations
    else:
        # Its lesions are not needed, so their category may be any.
        document = read_json(annotations, '`ann_file`')
        check_annotations(document, annotations, boxes_only=True)
    images = document['images']
    found = list(_rows(path, images, kind, convention, images_file, note))
    category = _categories(path, found, convention.classes, note)
    results = []
    for row in found:
        number = category[row.label]
        if number is not None:
            results.append(_result(row, number, convention.offset_px))
    names = file_names(images)
    if are_ambiguous(results, names):
        # Else the converted ids could be taken for numbers in file names.
        results = [
            {**result, 'file_name': names[result['image_id']]}
            for result in results
        ]
    with_some = {result['image_id'] for result in results}
    return results, {
        'detections': len(results),
        'dropped': len(found) - len(results),
        'images': len(images),
        'images_without': len(images) - len(with_some),
    }


def annotations_in(
    path: str | os.PathLike[str], kind: str, offset_px: float
) -> dict[str, Any]:
    """The lesions that a file of results holds, as an annotation document.

    Args:
        path: The file.
        kind: One of `FORMATS`.
        offset_px: As of `Convention`.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: It holds none, or its kind never does.
    """
    if kind != 'npz':
        raise ValueError(
            f'`--write-ann` is for npz results, which may hold lesions, but '
            f'got {kind} results. Give the annotation file: `--ann`.'
        )
    return npz_annotations(Path(path), offset_px)


def _check_options(
    kind: str,
    convention: Convention,
    images_file: str | os.PathLike[str] | None,
) -> None:
    """Raise ValueError for values that do not exist or do not fit."""
    if convention.boxes not in BOXES or kind not in FORMATS:
        raise ValueError(
            f'boxes must be one of {BOXES} and formats one of {FORMATS}, but '
            f'got {convention.boxes!r} and {kind!r}.'
        )
    wrong = set(convention.classes.values()) - set(CLASSES)
    if wrong:
        raise ValueError(
            f'a class must be mapped to one of {", ".join(CLASSES)}, but got '
            f'{sorted(wrong)[0]!r}.'
        )
    for option, given, fits in (
        ('--class-column', convention.class_column, kind == 'csv'),
        ('--images-file', images_file, kind == 'coco'),
        (IDS_OPTION, convention.image_ids, kind == 'coco' and not images_file),
    ):
        if given is not None and not fits:
            raise ValueError(
                f'`{option}` is not for {kind} results'
                + (' with `--images-file`' if images_file else '')
                + f', but got {str(given)!r}. Leave it out.'
            )


def _rows(
    path: Path,
    images: list[dict[str, Any]],
    kind: str,
    convention: Convention,
    images_file: str | os.PathLike[str] | None,
    note: Callable[[str], object],
) -> Iterator[ForeignDetection]:
    """Their detections, as their format has them."""
    if kind == 'coco':
        return read_coco_results(
            *(path, images, convention.boxes, images_file),
            *(convention.image_ids, note),
        )
    if kind == 'csv':
        return read_csv(
            path, images, convention.boxes, convention.class_column
        )
    if kind == 'npz':
        return read_npz(path, images, convention.boxes)
    return read_yolo(path, images)


def _categories(
    path: Path,
    found: Sequence[ForeignDetection],
    classes: Mapping[str, str],
    note: Callable[[str], object],
) -> dict[str, int | None]:
    """Our category of each of their classes, None for those dropped."""
    counts = Counter(row.label for row in found)
    labels = sorted(counts)
    if not classes and len(labels) <= 1:
        if any(labels):
            note(f'the only class, {labels[0]!r}, is taken for the lesion')
        return dict.fromkeys(labels, LESION_CATEGORY)
    lacking = [label for label in labels if label not in classes]
    if lacking:
        shown = ', '.join(repr(label) for label in labels[:9])
        numbers = ', '.join(str(counts[label]) for label in labels[:9])
        raise ValueError(
            f'{path} has the classes {shown} ({numbers} boxes): say of '
            'each whether it is a lesion, the false-positive class or to be '
            f'dropped, as in `--classes {lacking[0]}=lesion`; '
            f'{lacking[0]!r} is not named.'
        )
    for label in labels:
        if classes[label] != 'lesion':
            note(f'{counts[label]} of class {label!r}: {classes[label]}')
    return {label: CLASSES[classes[label]] for label in labels}


def _result(
    row: ForeignDetection, category: int, offset_px: float
) -> dict[str, Any]:
    x1, y1, x2, y2 = row.box
    if x2 < x1 or y2 < y1:
        raise ValueError(
            f'{row.where}: a box must have x1 <= x2 and y1 <= y2, but got '
            f'{x1:g} {y1:g} {x2:g} {y2:g}. Is `--boxes` right?'
        )
    return {
        'image_id': row.image_id,
        'bbox': [x1 - offset_px, y1 - offset_px, x2 - x1, y2 - y1],
        'score': row.score,
        'category_id': category,
    }


def guess_format(path: str | os.PathLike[str]) -> str:
    """The format of results, by the suffix of the file or the folder.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is neither .json, .csv, .npz nor a folder.
    """
    path = Path(path)
    if path.is_dir():
        return 'yolo'
    if not path.exists():
        raise FileNotFoundError(
            f'the results must exist, but got {str(path)!r}.'
        )
    kinds = {'.json': 'coco', '.csv': 'csv', '.npz': 'npz'}
    if path.suffix.lower() not in kinds:
        raise ValueError(
            f'{path} must be .json, .csv, .npz or a folder of .txt files; '
            'else say `--format`.'
        )
    return kinds[path.suffix.lower()]
