"""Mined negatives out to a reader, verdicts back in.

A review is a CSV file, a row a mined example, with an empty column for the
verdict: ``lesion``, ``not`` or ``unsure``. It comes back as an exclude list
(boxes of lesions and unsure ones are not mined again) and as new annotations
(of the lesions).
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.commands import command_line
from mmuldor.functional.diameters import polygon_area, recist_of_polygon
from mmuldor.io.csv_fields import read_rows
from mmuldor.io.json_files import replacing, write_json_files
from mmuldor.io.json_values import shortened
from mmuldor.io.paths import printable
from mmuldor.mining.bank import load_bank
from mmuldor.mining.exclude_list import exclude_list

COLUMNS = (
    'number', 'image_id', 'file_name', 'x1', 'y1', 'x2', 'y2', 'score',
    'mask_iou', 'ignored', 'verdict',
)  # fmt: skip
VERDICTS = ('lesion', 'not', 'unsure')
# DeepLesion's boxes reach 5 px beyond the diameters.
_BOX_MARGIN_PX = 5.0
REVIEW_COMMAND = command_line('review', 'export')


def examples_of(bank: Mapping, document: Mapping) -> list[dict[str, Any]]:
    """The examples of a bank, sorted by descending score, numbered from 1.

    Args:
        bank: From :func:`mmuldor.mining.bank.load_bank`.
        document: The annotation file that was mined.

    Returns:
        Each example, with ``number``, ``image_id`` and ``file_name``.

    Raises:
        ValueError: If the bank names an image that the document lacks.
    """
    names = {str(i['id']): i['file_name'] for i in document['images']}
    unknown = [key for key in bank['images'] if key not in names]
    if unknown:
        raise ValueError(
            'the bank must be mined from the given annotation file, but '
            f'{len(unknown)} of its images are not in it (id {unknown[0]}).'
        )
    found = [
        {**example, 'image_id': int(key), 'file_name': names[key]}
        for key, examples in bank['images'].items()
        for example in examples
    ]
    found.sort(key=lambda e: (-e['score'], e['image_id'], e['bbox']))
    return [{**e, 'number': n} for n, e in enumerate(found, start=1)]


def write_review(
    path: str | os.PathLike, examples: list[dict[str, Any]]
) -> None:
    """Write the CSV; boxes are x1 y1 x2 y2, pixel centres at integers."""
    with (
        replacing(path) as temporary,
        open(temporary, 'w', newline='', encoding='utf-8') as file,
    ):
        writer = csv.DictWriter(file, COLUMNS, lineterminator='\n')
        writer.writeheader()
        for example in examples:
            x, y, width, height = example['bbox']
            corners = zip(
                ('x1', 'y1', 'x2', 'y2'),
                (x, y, x + width, y + height),
                strict=True,
            )
            writer.writerow(
                {
                    **{k: example[k] for k in COLUMNS[:3]},
                    'file_name': printable(example['file_name']),
                    **{name: f'{value:.2f}' for name, value in corners},
                    'score': f'{example["score"]:.4f}',
                    'mask_iou': f'{example["mask_iou"]:.4f}',
                    'ignored': int(example.get('ignored', False)),
                    'verdict': '',
                }
            )


def read_verdicts(
    path: str | os.PathLike, examples: list[dict[str, Any]]
) -> list[str]:
    """The verdict of each example, '' where none was given.

    Rows may come in any order and other columns may have been added.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: Names the file, the line and the column.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"review '{path}' does not exist. Make it with `{REVIEW_COMMAND}`."
        )
    verdicts = [''] * len(examples)
    seen: set[int] = set()
    for where, row in read_rows(path, ('number', 'image_id', 'verdict')):
        index = _index(row, examples, seen, where)
        verdicts[index] = _verdict(row, where)
    return verdicts


def _index(row: dict, examples: list, seen: set[int], where: str) -> int:
    text = row['number']
    number = int(text) if re.fullmatch(r'[0-9]{1,9}', text) else 0
    if not 1 <= number <= len(examples) or number in seen:
        raise ValueError(
            f'{where}: `number` must be a new one of 1 to {len(examples)}, '
            f'but got {shortened(text)}.'
        )
    example, found = examples[number - 1], row['image_id']
    if found != str(example['image_id']):
        raise ValueError(
            f'{where}: `image_id` of example {number} must be '
            f'{example["image_id"]}, but got {shortened(found)}. Is it the '
            'review of another bank?'
        )
    seen.add(number)
    return number - 1


def _verdict(row: dict, where: str) -> str:
    verdict = row['verdict'].lower()
    if verdict not in ('', *VERDICTS):
        raise ValueError(
            f'{where}: `verdict` must be one of {", ".join(VERDICTS)} or '
            f'empty, but got {shortened(row["verdict"])}.'
        )
    return verdict


def add_annotations(
    document: dict, examples: list[dict[str, Any]], verdicts: list[str]
) -> dict:
    """The annotation document with the examples that are lesions.

    Diameters are measured on the outline that was mined, of several on that
    of the largest area; the box is their extent and 5 px, as in DeepLesion.
    ``source`` is 'review'.
    """
    annotations = list(document['annotations'])
    number = max((a['id'] for a in annotations), default=0)
    for example, verdict in zip(examples, verdicts, strict=True):
        if verdict != 'lesion':
            continue
        number += 1
        # A ragged rim has more vertices than a smooth lesion.
        outlines = [np.reshape(p, (-1, 2)) for p in example['polygons']]
        try:
            recist = recist_of_polygon(max(outlines, key=polygon_area))
        except ValueError as error:
            raise ValueError(
                f'example {example["number"]} of the bank has no outline to '
                f'measure: {error}'
            ) from None
        low = recist.min(axis=0) - _BOX_MARGIN_PX
        sides = recist.max(axis=0) + _BOX_MARGIN_PX - low
        annotations.append(
            {
                'id': number,
                'image_id': example['image_id'],
                'category_id': 1,
                'bbox': [*low.tolist(), *sides.tolist()],
                'area': float(np.prod(sides)),
                'iscrowd': 0,
                'recist_px': recist.reshape(-1).tolist(),
                'lesion_type': -1,
                'noisy': False,
                'source': 'review',
            }
        )
    return {**document, 'annotations': annotations}


def import_review(
    review: str | os.PathLike,
    bank: str | os.PathLike,
    document: dict,
    *,
    exclude: str | os.PathLike | None = None,
    annotations: str | os.PathLike | None = None,
) -> Counter:
    """Read a review and write the exclude list, the annotations or both.

    Args:
        review: The CSV.
        bank: The bank that was reviewed.
        document: The annotation file that was mined.
        exclude: Write the exclude list here.
        annotations: Write the annotation file with new lesions here.

    Returns:
        How many examples got each verdict; '' for none.
    """
    loaded = load_bank(bank)
    examples = examples_of(loaded, document)
    verdicts = read_verdicts(review, examples)
    files: dict[str | os.PathLike[str], Any] = {}
    indents: dict[str | os.PathLike[str], int | None] = {}
    if exclude is not None:
        files[exclude] = exclude_list(loaded, examples, verdicts)
        indents[exclude] = 1
    if annotations is not None:
        files[annotations] = add_annotations(document, examples, verdicts)
    write_json_files(files, indents)
    return Counter(verdicts)
