"""Annotations and results of cross-validation folds, evaluated as one.

Every image is tested in one fold. Annotation files of `data_prep --folds` say
in their `info` how many folds there are; of other files only what is given is
known.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmuldor.evaluation.ground_truth import file_names
from mmuldor.evaluation.image_ids import check_image_ids
from mmuldor.evaluation.results import (
    Detections,
    read_results,
    results_file,
)
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_values import is_integer

AnyPath = str | os.PathLike
Paths = AnyPath | Sequence[AnyPath]
_DEALT = ('count', 'seed', 'patients_sha256')
_MOST_FOLDS = 1000


def as_paths(paths: Paths) -> list[Path]:
    """One path or several as a list."""
    if isinstance(paths, str | os.PathLike):
        return [Path(paths)]
    return [Path(path) for path in paths]


@dataclass(frozen=True, eq=False)
class FoldAnnotations:
    """Annotation files that are evaluated as one; often there is one only.

    Attributes:
        document: Of all images.
        paths: The files, one a fold.
        image_ids: The ids of each one's images.
    """

    document: dict[str, Any]
    paths: list[Path]
    image_ids: list[frozenset[int]]

    @property
    def source(self) -> str:
        """What messages call the files."""
        return ', '.join(map(str, self.paths))

    def load(self, paths: Paths) -> Detections:
        """The detections of one run, a results file a fold.

        Files find their fold by their images, in whatever order they come.

        Args:
            paths: Results files, or work dirs with a `results.json`.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If an entry is wrong, a fold has no file or two, or a
                file has detections on the images of two folds.
        """
        return Detections.joined([part for _, part in self._tables(paths)])

    def entries(self, paths: Paths) -> list[dict[str, Any]]:
        """As :meth:`load`, but as the entries of a results file."""
        return [e for entries, _ in self._tables(paths) for e in entries]

    def _tables(self, paths: Paths) -> list[tuple[list, Detections]]:
        """Entries of each file, and the same checked, in the folds' order."""
        files = [results_file(path) for path in as_paths(paths)]
        if len(files) != len(self.paths):
            raise ValueError(
                f'a run must have one results file of each of '
                f'{len(self.paths)} annotation files, but got {len(files)}: '
                f'{", ".join(map(str, files))}.'
            )
        names = file_names(self.document['images'])
        read = [(path, read_results(path)) for path in files]
        found = []
        for fold, (path, entries) in enumerate(self._in_order(read)):
            ids = self.image_ids[fold]
            own = {i: name for i, name in names.items() if i in ids}
            check_image_ids(entries, own, path)
            found.append((entries, Detections.of(entries, ids, path)))
        return found

    def _in_order(
        self, read: list[tuple[Path, list]]
    ) -> list[tuple[Path, list]]:
        """The files in the order of the folds."""
        if len(read) == 1:
            return read
        placed: dict[int, tuple[Path, list]] = {}
        unplaced = []
        for path, entries in read:
            folds = self._folds_of(entries)
            if len(folds) > 1:
                first, second = (self.paths[fold] for fold in folds[:2])
                raise ValueError(
                    f'{path}: all detections must be on images of one fold, '
                    f'but some are on those of {first}, some on those of '
                    f'{second}. Test each model on its own fold.'
                )
            if not folds:
                unplaced.append((path, entries))
            elif folds[0] in placed:
                raise ValueError(
                    'a fold must have one results file, but '
                    f'{self.paths[folds[0]]} has two: '
                    f'{placed[folds[0]][0]} and {path}.'
                )
            else:
                placed[folds[0]] = (path, entries)
        # No detection, or ids that no file has, which the checks refuse.
        left = [f for f in range(len(read)) if f not in placed]
        return [
            placed[fold] if fold in placed else unplaced[left.index(fold)]
            for fold in range(len(read))
        ]

    def _folds_of(self, entries: Iterable[Any]) -> list[int]:
        ids = {
            entry['image_id']
            for entry in entries
            if isinstance(entry, dict) and is_integer(entry.get('image_id'))
        }
        return [f for f, own in enumerate(self.image_ids) if ids & own]


def load_fold_annotations(
    paths: Paths, *, lesion_category: Sequence[str] | None = None
) -> FoldAnnotations:
    """Read annotation files as one, which an evaluation needs.

    Args:
        paths: One file, or the tested split of each fold.
        lesion_category: As for :func:`load_annotations`.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is wrong, an image is in two of them, or a fold
            is missing.
    """
    files = as_paths(paths)
    documents = [
        load_annotations(
            path, boxes_only=True, lesion_category=lesion_category
        )
        for path in files
    ]
    ids = [
        frozenset(image['id'] for image in document['images'])
        for document in documents
    ]
    if len(files) == 1:
        return FoldAnnotations(documents[0], files, ids)
    _check_folds(files, documents)
    _check_distinct(files, documents)
    return FoldAnnotations(_joined(documents), files, ids)


def _check_folds(files: Sequence[Path], documents: Sequence[dict]) -> None:
    """What the files say of folds must be of one draw, and complete."""
    stated = {}
    for path, document in zip(files, documents, strict=True):
        info = document.get('info')
        folds = info.get('folds') if isinstance(info, dict) else None
        if isinstance(folds, dict):
            stated[path] = folds
    if not stated:
        return
    first, dealt = next(iter(stated.items()))
    for path in files:
        other = stated.get(path, {})
        for key in _DEALT:
            if other.get(key) != dealt.get(key):
                raise ValueError(
                    f'{path}: `info.folds.{key}` must be that of {first}, '
                    f'{dealt.get(key)!r}, but got {other.get(key)!r}. Make '
                    'all folds with the same --folds and --seed of the same '
                    'data.'
                )
    count: Any = dealt.get('count')
    given = [folds.get('fold') for folds in stated.values()]
    # A wrong file may state any number.
    numbers = range(min(count, _MOST_FOLDS)) if is_integer(count) else ()
    missing = [number for number in numbers if number not in given]
    if missing:
        raise ValueError(
            f'all {count} folds must be given, but fold '
            f'{", ".join(map(str, missing[:9]))} is missing beside {first}. '
            'Give its annotation file and its results, too.'
        )


def _check_distinct(files: Sequence[Path], documents: Sequence[dict]) -> None:
    """Images and annotations must be of one fold each."""
    seen: dict[tuple[str, Any], int] = {}
    for fold, document in enumerate(documents):
        for image in document['images']:
            keys = [('`id`', image['id'])]
            if isinstance(image.get('file_name'), str):
                keys.append(('`file_name`', image['file_name']))
            for key in keys:
                other = seen.setdefault(key, fold)
                if other != fold:
                    raise ValueError(
                        f'an image must be in one fold, but that of {key[0]} '
                        f'{key[1]!r} is in {files[other]} and {files[fold]}.'
                    )
        for lesion in document['annotations']:
            other = seen.setdefault(('annotation', lesion['id']), fold)
            if other != fold:
                raise ValueError(
                    'ids of annotations must be unique in all folds, but '
                    f'{lesion["id"]} is in {files[other]} and {files[fold]}.'
                )


def _joined(documents: Sequence[dict]) -> dict[str, Any]:
    """One document of all images; facts that differ are left out."""
    infos = [document.get('info') for document in documents]
    first = infos[0]
    info = {
        key: value
        for key, value in (first if isinstance(first, dict) else {}).items()
        if key != 'folds'
        and all(isinstance(i, dict) and i.get(key) == value for i in infos)
    }
    left_out: Counter[str] = Counter()
    for document in documents:
        left_out.update(document.get('left_out', {}))
    joined = {
        'info': {
            **info,
            'split': f'{info.get("split", "all")} of {len(documents)} folds',
        },
        'categories': documents[0].get('categories', []),
        'images': [i for d in documents for i in d['images']],
        'annotations': [a for d in documents for a in d['annotations']],
    }
    return {**joined, 'left_out': dict(left_out)} if left_out else joined
