"""Results files to be fused, read and compared with each other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmuldor.classes import FALSE_POSITIVE_CATEGORY, LESION_CATEGORY
from mmuldor.evaluation.comparison.named_runs import split_method
from mmuldor.evaluation.image_ids import check_image_ids
from mmuldor.evaluation.results import (
    Detections,
    read_results,
    results_file,
)
from mmuldor.evaluation.same_place import of_other_types
from mmuldor.io.json_values import is_integer, shortened
from mmuldor.io.run_length import decode_runs

BOXES_ONLY, LESION_ONLY = '--boxes-only', '--lesion-only'
# Without an annotation file: detectors of one split find something on most
# of its images; of other splits, on none in common.
_MIN_COMMON = 0.5
Progress = Callable[[Iterable[Any], str], Iterable[Any]]


@dataclass(frozen=True, eq=False)
class Input:
    """The results of one detector.

    Attributes:
        name: What it is called, of ``NAME=FILE`` or of the file.
        path: The file.
        detections: Its boxes and scores.
        entries: As the file has them, in the order of `detections`.
        runs: Run lengths of the masks, (n,) arrays; None without masks.
        sizes: Height and width of the masks' images, by image id.
    """

    name: str
    path: Path
    detections: Detections
    entries: list[dict[str, Any]]
    runs: list[np.ndarray] | None
    sizes: Mapping[int, tuple[int, int]]

    def select(self, rows: np.ndarray) -> Input:
        """Some of the detections, by indices."""
        return Input(
            self.name,
            self.path,
            self.detections.select(rows),
            [self.entries[row] for row in rows],
            None if self.runs is None else [self.runs[row] for row in rows],
            self.sizes,
        )


def read_inputs(
    texts: Sequence[str],
    names: Mapping[int, str] | None = None,
    image_ids: Iterable[int] | None = None,
    *,
    boxes_only: bool = False,
    lesion_only: bool = False,
    progress: Progress = lambda items, _: items,
) -> list[Input]:
    """Read results files and check that they can be fused.

    Where they have lesion types, a place of an image has one detection: see
    `of_other_types`.

    Args:
        texts: ``FILE``, ``NAME=FILE`` or a work dir with `results.json`, two
            or more.
        names: `file_name` by id of the images of an annotation file.
        image_ids: Ids of its images. Without one, any ids are good.
        boxes_only: Leave out the masks.
        lesion_only: Leave out the false-positive class.
        progress: Wraps the loop over files.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is wrong, or files do not fit together.
    """
    files = _files(texts)
    known = None if image_ids is None else set(image_ids)
    inputs = [
        _read(name, path, names or {}, known, boxes_only, lesion_only)
        for name, path in progress(list(files.items()), 'reading results')
    ]
    _check_categories(inputs)
    _check_masks(inputs)
    _check_images(inputs, known is not None)
    return inputs


def _files(texts: Sequence[str]) -> dict[str, Path]:
    """One file by name, each another one."""
    files: dict[str, Path] = {}
    for text in texts:
        name, given = split_method(text)
        if name in files:
            raise ValueError(
                f'each detector must have a name of its own, but {name!r} is '
                f'that of {files[name]} and {given}. Give names: '
                f'NAME={given}.'
            )
        files[name] = results_file(given)
    if len(files) < 2:
        raise ValueError(
            'a fusion needs the results of two or more detectors, but got '
            f'{len(files)}: {", ".join(map(str, files.values()))}.'
        )
    places: dict[str, str] = {}
    for name, path in files.items():
        place = os.path.realpath(path)
        if place in places:
            raise ValueError(
                f'each detector must have a file of its own, but '
                f'{places[place]!r} and {name!r} have the same, {path}.'
            )
        places[place] = name
    return files


def _read(
    name: str,
    path: Path,
    names: Mapping[int, str],
    known: set[int] | None,
    boxes_only: bool,
    lesion_only: bool,
) -> Input:
    entries = read_results(path)
    check_image_ids(entries, names, path)
    if known is None:
        ids: list[Any] = [
            e.get('image_id') for e in entries if isinstance(e, dict)
        ]
        known = set(filter(is_integer, ids))
    detections = Detections.of(entries, known, path)
    kept = ~of_other_types(detections)
    if lesion_only:
        kept &= detections.categories == LESION_CATEGORY
    entries = [entries[row] for row in np.flatnonzero(kept)]
    detections = detections.select(kept)
    if not entries:
        raise ValueError(f'{path} must hold detections, but has none.')
    runs, sizes = (None, {}) if boxes_only else _masks(path, entries)
    return Input(name, path, detections, entries, runs, sizes)


def _masks(
    path: Path, entries: list[dict[str, Any]]
) -> tuple[list[np.ndarray] | None, dict[int, tuple[int, int]]]:
    """Run lengths of all masks and sizes by image; None without masks."""
    with_mask = ['segmentation' in entry for entry in entries]
    if not any(with_mask):
        return None, {}
    if not all(with_mask):
        index = with_mask.index(not with_mask[0])
        has = ('no mask', 'a mask')
        raise ValueError(
            f'{path}: all entries must have a mask or none, but entry 0 has '
            f'{has[with_mask[0]]} and entry {index} {has[with_mask[index]]}. '
            f'`{BOXES_ONLY}` leaves masks out.'
        )
    found = []
    sizes: dict[int, tuple[int, int]] = {}
    for index, entry in enumerate(entries):
        try:
            runs, size = decode_runs(entry['segmentation'])
        except ValueError as error:
            raise ValueError(f'{path}: entry {index}: {error}') from None
        if sizes.setdefault(entry['image_id'], size) != size:
            raise ValueError(
                f'{path}: entry {index}: the masks of image '
                f'{entry["image_id"]} must have one size, but have '
                f'{list(sizes[entry["image_id"]])} and {list(size)}.'
            )
        found.append(runs)
    return found, sizes


def _check_categories(inputs: Sequence[Input]) -> None:
    names = {LESION_CATEGORY: 'lesion', FALSE_POSITIVE_CATEGORY: 'FP class'}
    found = [set(own.detections.categories.tolist()) for own in inputs]
    for own, categories in zip(inputs[1:], found[1:], strict=True):
        if categories != found[0]:
            first, second = (
                ' and '.join(f'{c} ({names[c]})' for c in sorted(some))
                for some in (found[0], categories)
            )
            raise ValueError(
                'all results must have the same categories, but '
                f'{inputs[0].path} has {first}, and {own.path} {second}. '
                f'`{LESION_ONLY}` fuses the lesion class alone.'
            )


def _check_masks(inputs: Sequence[Input]) -> None:
    first = inputs[0]
    for own in inputs[1:]:
        if (own.runs is None) != (first.runs is None):
            has = ('masks', 'no masks')
            raise ValueError(
                f'all results must have masks or none, but {first.path} has '
                f'{has[first.runs is None]} and {own.path} '
                f'{has[own.runs is None]}. `{BOXES_ONLY}` fuses boxes alone.'
            )
        for image_id, size in own.sizes.items():
            if first.sizes.get(image_id, size) != size:
                raise ValueError(
                    f'image {image_id} must have one size in all results, but '
                    f'its masks have {list(first.sizes[image_id])} in '
                    f'{first.path} and {list(size)} in {own.path}. Are they '
                    'of the same images?'
                )


def _check_images(inputs: Sequence[Input], annotated: bool) -> None:
    """Files name their images alike and are of the same split."""
    first = inputs[0]
    of_first = set(first.detections.image_ids.tolist())
    names = _names(first)
    for own in inputs[1:]:
        for image_id, name in _names(own).items():
            if names.setdefault(image_id, name) != name:
                raise ValueError(
                    f'image {image_id} must be the same in all results, but '
                    f'is {shortened(names[image_id])} in one of them and '
                    f'{shortened(name)} in {own.path}.'
                )
        images = set(own.detections.image_ids.tolist())
        common = len(images & of_first)
        if not annotated and common < _MIN_COMMON * min(
            len(images), len(of_first)
        ):
            raise ValueError(
                'all results must be of the same images (`image_id`), but '
                f'{first.path} has detections on {len(of_first):,} and '
                f'{own.path} on {len(images):,}, {common:,} of them in '
                'common. If they are, give the annotation file of these '
                'images: `--ann`.'
            )


def _names(own: Input) -> dict[int, str]:
    """`file_name` by image, of entries that have it."""
    return {
        entry['image_id']: entry['file_name']
        for entry in own.entries
        if isinstance(entry.get('file_name'), str)
    }
