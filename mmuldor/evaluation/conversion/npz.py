"""Reader of detections in NumPy's npz, and of the lesions beside them.

Arrays, of k images and n detections:

- ``names``: file name of each image, (k,) text.
- ``counts``: detections of each image, (k,) integers; they add up to n.
- ``dets``: the detections, image by image, `x1 y1 x2 y2 score`, (n, 5); in
  place of x2 y2 width and height, with the option for these.
- ``gt_counts`` and ``gts``, optional: likewise the lesions, `x1 y1 x2 y2`,
  where they are in a frame of their own, such as that of resized images.
"""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.classes import LESION_CATEGORY
from mmuldor.evaluation.conversion.csv_and_yolo import (
    ForeignDetection,
    corners_of,
    image_finder,
)
from mmuldor.functional.arrays import Floats, Numbers
from mmuldor.functional.boxes import xyxy_to_xywh
from mmuldor.io.limits import MAX_FILE_BYTES, MAX_NUMBER
from mmuldor.io.paths import existing_file

# What zipfile, zlib and NumPy's reader of headers raise.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, tokenize.TokenError, struct.error),
    *(SyntaxError, EOFError, OSError, KeyError, TypeError, OverflowError),
    *(NotImplementedError, RuntimeError),
)


def read_npz(
    path: Path, images: Sequence[dict[str, Any]], boxes: str
) -> Iterator[ForeignDetection]:
    """Detections of an npz file, see the module.

    Args:
        path: The file.
        images: Images of our annotation file, with `file_name`.
        boxes: 'xyxy', or how else four numbers are a box.
    """
    find = image_finder(images)
    names, counts, dets = _table(path, 'counts', 'dets', 5)
    where = [f'{path}: dets[{row}]' for row in range(len(dets))]
    row = 0
    for name, count in zip(names, counts, strict=True):
        number = find(name, f'{path}: names')
        for *box, score in dets[row : row + count].tolist():
            corners = corners_of(box, boxes)
            yield ForeignDetection(where[row], number, corners, score, '')
            row += 1


def npz_annotations(path: Path, offset_px: float = 0.0) -> dict[str, Any]:
    """The lesions of an npz file as an annotation document of boxes alone.

    Args:
        path: The file.
        offset_px: Coordinate of the centre of the first pixel.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It is wrong or holds no lesions; names file and array.
    """
    names, counts, lesions = _table(path, 'gt_counts', 'gts', 4)
    if (lesions[:, 2:] < lesions[:, :2]).any():
        row = int((lesions[:, 2:] < lesions[:, :2]).any(axis=1).argmax())
        raise ValueError(
            f'{path}: `gts` must be x1 y1 x2 y2 with x1 <= x2 and y1 <= y2, '
            f'but row {row} is {lesions[row].tolist()}.'
        )
    owners = np.repeat(np.arange(1, len(names) + 1), counts).tolist()
    boxes = xyxy_to_xywh(lesions - offset_px).tolist()
    return {
        'info': {'dataset': path.stem},
        'categories': [{'id': LESION_CATEGORY, 'name': 'lesion'}],
        'images': [
            {'id': number, 'file_name': name}
            for number, name in enumerate(names, start=1)
        ],
        'annotations': [
            {
                'id': number,
                'image_id': owner,
                'bbox': box,
                'category_id': LESION_CATEGORY,
            }
            for number, (owner, box) in enumerate(
                zip(owners, boxes, strict=True), start=1
            )
        ],
    }


def _table(
    path: Path, count_key: str, row_key: str, columns: int
) -> tuple[list[str], list[int], Floats]:
    """Names of images, numbers of rows and the rows, (n, columns)."""
    names, counts, rows = _arrays(path, ('names', count_key, row_key))
    shapes = {'names': names.shape, count_key: counts.shape}
    if (
        names.ndim != 1
        or names.dtype.kind != 'U'
        or counts.shape != names.shape
        or counts.dtype.kind not in 'iu'
        or counts.min(initial=0) < 0
    ):
        raise ValueError(
            f'{path}: `names` and `{count_key}` must be a text and a number '
            f'of 0 or more for each image, but got {shapes} of '
            f'{names.dtype} and {counts.dtype}.'
        )
    if rows.shape != (counts.sum(), columns) or rows.dtype.kind not in 'fiu':
        raise ValueError(
            f'{path}: `{row_key}` must be numbers of the shape '
            f'({counts.sum()}, {columns}), as `{count_key}` say, but got '
            f'{rows.dtype} of shape {rows.shape}.'
        )
    values: Floats = rows.astype(np.float64)
    # False for NaN too.
    good = (np.abs(values) <= MAX_NUMBER).all(axis=1)
    if not good.all():
        row = int(good.argmin())
        raise ValueError(
            f'{path}: `{row_key}` must be finite numbers, but row {row} is '
            f'{values[row].tolist()}.'
        )
    return names.tolist(), counts.tolist(), values


def _arrays(path: Path, keys: Sequence[str]) -> list[Numbers]:
    """Arrays of the file by their keys; nothing in it is executed."""
    path = existing_file(path, 'the results')
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_FILE_BYTES:
            raise ValueError(
                f'{path} must unpack to at most {MAX_FILE_BYTES:,} bytes, but '
                f'has {size:,}.'
            )
        with np.load(path, allow_pickle=False) as stored:
            lacking = [key for key in keys if key not in stored]
            if lacking:
                raise ValueError(
                    f'{path} must hold the arrays {", ".join(keys)}, but '
                    f'{lacking[0]!r} is not among {", ".join(stored)}.'
                )
            arrays = [stored[key] for key in keys]
    except (*_DAMAGED, ValueError) as error:
        if str(path) in str(error):
            raise
        raise _damaged(path, str(error) or type(error).__name__) from error
    for key, array in zip(keys, arrays, strict=True):
        # NumPy gives the bytes of what is no array.
        if not isinstance(array, np.ndarray):
            raise _damaged(path, f'{key!r} is no array')
    return arrays


def _damaged(path: Path, why: str) -> ValueError:
    return ValueError(
        f'{path} must be an npz file of NumPy, but {why}. Is it truncated?'
    )
