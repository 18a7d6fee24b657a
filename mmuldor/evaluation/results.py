"""Detections as files: the COCO list of results.

`[{"image_id": 7, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": 0.9,
"category_id": 1, "segmentation": {"size": [H, W], "counts": "..."}}, ...]`;
category 1 is the lesion, 2 the false-positive (FP) class; `segmentation` and
`lesion_type`, a name, are optional, other keys are ignored. All entries have
a `lesion_type` or none. Boxes are floats in source-image pixels whose centres
lie at integers.
"""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mmuldor.commands import command_line
from mmuldor.evaluation.image_ids import check_image_ids
from mmuldor.evaluation.wrong_results import (
    CATEGORIES,
    raise_for_first_wrong,
)
from mmuldor.functional.boxes import xywh_to_xyxy, xyxy_to_xywh
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.limits import MAX_NUMBER
from mmuldor.io.run_length import as_json

RESULTS_NAME = 'results.json'
MAKE_COMMAND = command_line('test', 'CONFIG CHECKPOINT --out results.json')


@dataclass(frozen=True, eq=False)
class Detections:
    """Detections of many images as a table, in the order of the file.

    Attributes:
        image_ids: (n,) int64.
        boxes: `x1 y1 x2 y2`, source-image pixels, (n, 4) float64.
        scores: (n,) float64.
        categories: 1 lesion, 2 FP class, (n,) int64.
        types: Names of lesion types, (n,) of strings; None without types.
    """

    image_ids: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    categories: np.ndarray
    types: np.ndarray | None = None

    @classmethod
    def joined(cls, parts: Sequence[Detections]) -> Detections:
        """Several tables as one; types stay where all detections have some."""
        filled = [part for part in parts if len(part)]
        types = [part.types for part in filled if part.types is not None]
        return cls(
            np.concatenate([part.image_ids for part in parts]),
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.scores for part in parts]),
            np.concatenate([part.categories for part in parts]),
            np.concatenate(types) if len(types) == len(filled) > 0 else None,
        )

    @classmethod
    def of(
        cls,
        entries: list,
        image_ids: Iterable[int],
        source: str | os.PathLike,
    ) -> Detections:
        """Check the entries of a results file and turn them into a table.

        Args:
            entries: From :func:`read_results`.
            image_ids: The ids of the annotation file's images.
            source: The file they were read from, for messages.

        Raises:
            ValueError: Names the file, the entry's index and the field.
        """
        known = np.unique(np.fromiter(image_ids, dtype=np.int64))
        try:
            with _collector_off():
                return _tabulate(entries, known)
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise_for_first_wrong(source, entries, set(known.tolist()))
            raise RuntimeError(f'{source}: no entry is wrong.') from error

    def __len__(self) -> int:
        return len(self.scores)

    def select(self, rows: np.ndarray) -> Detections:
        """Some of the rows, by a mask or by indices."""
        if rows.dtype == bool and rows.all():
            return self
        return Detections(
            self.image_ids[rows],
            self.boxes[rows],
            self.scores[rows],
            self.categories[rows],
            None if self.types is None else self.types[rows],
        )


def results_file(path: str | os.PathLike) -> Path:
    """The file itself, or the `results.json` of a work dir.

    Raises:
        FileNotFoundError: If a folder has none.
    """
    path = Path(path)
    if not path.is_dir():
        return path
    file = path / RESULTS_NAME
    if not file.is_file():
        raise FileNotFoundError(
            f'the work dir {path} must hold a {RESULTS_NAME}. Make it with '
            f'`{command_line("test", f"CONFIG CHECKPOINT --out {file}")}`.'
        )
    return file


def read_results(path: str | os.PathLike) -> list:
    """Read the entries of a results file; `Detections.of` checks them.

    Args:
        path: The file, or a work dir that holds a `results.json`.

    Raises:
        FileNotFoundError: No such file.
        ValueError: It holds no JSON or no list.
    """
    advice = f'Create it with `{MAKE_COMMAND}`.'
    with _collector_off():
        entries = read_json(results_file(path), 'the results', advice)
    if not isinstance(entries, list):
        raise ValueError(
            f'{path} must hold a list of results, but got a '
            f'{type(entries).__name__}, as annotation files have. {advice}'
        )
    return entries


def load_detections(
    path: str | os.PathLike,
    image_ids: Iterable[int],
    names: Mapping[int, str] | None = None,
) -> Detections:
    """Read and check a results file.

    Args:
        path: The JSON file.
        image_ids: The ids of the annotation file's images.
        names: Their `file_name` by id; with it, ids that may be numbers in
            file names are refused, see `mmuldor.evaluation.image_ids`.

    Raises:
        FileNotFoundError: No such file.
        ValueError: Names the file, the entry's index and the field.
    """
    entries = read_results(path)
    check_image_ids(entries, names or {}, path)
    return Detections.of(entries, image_ids, path)


def to_results(
    image_id: int,
    boxes: ArrayLike,
    scores: ArrayLike,
    categories: ArrayLike,
    rles: Sequence[dict] | None = None,
    types: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """The results of one image.

    Args:
        image_id: The image's id in the annotation file.
        boxes: `x1 y1 x2 y2`, source-image pixels, (n, 4).
        scores: (n,).
        categories: 1 lesion, 2 FP class, (n,).
        rles: A COCO run-length encoded mask each; counts may be bytes.
        types: The name of each one's lesion type.
    """
    rows = zip(
        xyxy_to_xywh(boxes).tolist(),
        np.asarray(scores, dtype=np.float64).tolist(),
        np.asarray(categories).tolist(),
        strict=True,
    )
    results = [
        {
            'image_id': int(image_id),
            'bbox': box,
            'score': score,
            'category_id': int(category),
        }
        for box, score, category in rows
    ]
    if rles is not None:
        for result, rle in zip(results, rles, strict=True):
            result['segmentation'] = as_json(rle)
    if types is not None:
        for result, name in zip(results, types, strict=True):
            result['lesion_type'] = name
    return results


def write_results(
    path: str | os.PathLike, results: Sequence[dict[str, Any]]
) -> None:
    """Write results as a whole file or not at all.

    Raises:
        ValueError: If a number is not finite; the old file then stays.
    """
    write_json(path, list(results))


@contextlib.contextmanager
def _collector_off() -> Iterator[None]:
    """No garbage collection: it takes a third of the time of large files."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _tabulate(results: list, known: np.ndarray) -> Detections:
    """All columns at once; any exception means that an entry is wrong."""
    boxes = [result['bbox'] for result in results]
    if not set(map(type, boxes)) <= {list} or not set(map(len, boxes)) <= {4}:
        raise ValueError
    flat = list(chain.from_iterable(boxes))
    table = Detections(
        image_ids=_column([r['image_id'] for r in results], np.int64, int),
        boxes=_column(flat, np.float64, int, float).reshape(-1, 4),
        scores=_column([r['score'] for r in results], np.float64, int, float),
        categories=_column([r['category_id'] for r in results], np.int64, int),
        types=_types(results),
    )
    valid = (
        # False for NaN too.
        (np.abs(table.boxes) <= MAX_NUMBER).all()
        and np.isfinite(table.scores).all()
        and (table.boxes[:, 2:] >= 0).all()
        and np.isin(table.categories, CATEGORIES).all()
        and np.isin(table.image_ids, known).all()
    )
    if not valid:
        raise ValueError
    table.boxes[:] = xywh_to_xyxy(table.boxes)
    return table


def _types(results: list) -> np.ndarray | None:
    """Names of the lesion types, (n,); None where no entry has one."""
    names = [result.get('lesion_type') for result in results]
    typed = [isinstance(name, str) for name in names]
    if not any(typed):
        return None
    if not all(typed):
        raise ValueError
    return np.array(names)


def _column(values: list, dtype: type, *types: type) -> np.ndarray:
    # By exact type: True is an int, and NumPy would parse '1.5'.
    if not set(map(type, values)) <= set(types):
        raise TypeError
    return np.fromiter(values, dtype, len(values))
