"""A user's own split of patients or images into train, val and test."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

from mmuldor.io.csv_dialect import (
    separator_of,
    text_of,
    without_declaration,
)
from mmuldor.io.csv_fields import RowError
from mmuldor.io.json_files import read_json, read_whole
from mmuldor.io.json_values import shortened
from mmuldor.io.paths import existing_file

from ...common.dl_info import SPLITS, LesionRow, parse_name

HELP = (
    'your own split instead of the official one: a JSON object or a CSV of '
    'two columns (key,split) that maps patients (Patient_index), or images '
    '(File_name), to train, val or test; rows that it does not name are '
    'dropped, names that the CSV does not have are an error'
)
_WORDS = tuple(SPLITS.values())


class SplitFile:
    """Finds the split of rows in a split file and records the used keys."""

    def __init__(self, path: str | os.PathLike) -> None:
        self._path = Path(path)
        pairs = _read_pairs(self._path)
        self._by_patient = all(
            re.fullmatch('[0-9]{1,9}', key) for key, _ in pairs
        )
        self._splits: dict[str | int, str] = {}
        for key, split in pairs:
            self._enter(key, split)
        self._unmet = set(self._splits)

    def split_of(self, row: LesionRow) -> str | None:
        """The split of a row, None where the file does not name it."""
        key = row.patient if self._by_patient else row.file_name
        self._unmet.discard(key)
        return self._splits.get(key)

    def check_all_used(self) -> None:
        """Raises ValueError for keys of which there is no row."""
        if self._unmet:
            kind = 'patient' if self._by_patient else 'image'
            some = ', '.join(str(key) for key in sorted(self._unmet)[:5])
            raise ValueError(
                f'{self._path}: every {kind} must occur in the CSV, but '
                f'{len(self._unmet)} do not: {some}. Correct or remove them.'
            )

    def _enter(self, key: str, split: str) -> None:
        if split not in _WORDS:
            raise ValueError(
                f'{self._path}: the split of {shortened(key)} must be one of '
                f'{", ".join(_WORDS)}, but got {shortened(split)}.'
            )
        name = int(key) if self._by_patient else self._image(key)
        if self._splits.setdefault(name, split) != split:
            raise ValueError(
                f'{self._path}: {shortened(key)} must have one split, but it '
                f'has {self._splits[name]} and {split}.'
            )

    def _image(self, key: str) -> str:
        try:
            return parse_name(key)
        except RowError as error:
            raise ValueError(
                f'{self._path}: a key must be a patient number, or all keys '
                'image names such as 000001_01_01_109.png, but got '
                f'{shortened(key)}.'
            ) from error


def _read_pairs(path: Path) -> list[tuple[str, str]]:
    existing_file(path, '`--split-file`')
    is_json = path.suffix.lower() == '.json'
    pairs = _json_pairs(path) if is_json else _csv_pairs(path)
    if not pairs:
        raise ValueError(f'{path} must name patients or images, but is empty.')
    return pairs


def _json_pairs(path: Path) -> list[tuple[str, str]]:
    document = read_json(path)
    if not isinstance(document, dict):
        raise ValueError(
            f'{path} must be a JSON object such as {{"1": "train"}}, but got '
            f'a {type(document).__name__}.'
        )
    return [(key.strip(), split) for key, split in document.items()]


def _csv_pairs(path: Path) -> list[tuple[str, str]]:
    try:
        text, declared = without_declaration(text_of(read_whole(path)))
        reader = csv.reader(
            io.StringIO(text, newline=''),
            delimiter=declared or separator_of(text),
            strict=True,
        )
        rows = [(reader.line_num, values) for values in reader]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(
            f'{path} must be CSV in UTF-8, but {error}.'
        ) from error
    pairs = []
    for number, values in rows:
        fields = [value.strip() for value in values]
        header = number == 1 and fields[1:] == ['split']
        if header or not any(fields):
            continue
        if len(fields) != 2:
            raise ValueError(
                f'{path} line {number} must be key,split, but got '
                f'{shortened(",".join(values))}.'
            )
        pairs.append((fields[0], fields[1]))
    return pairs
