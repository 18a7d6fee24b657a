"""How large the voxels of a series are, which its PNG files do not say."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from mmuldor.io.csv_fields import RowError
from mmuldor.io.json_files import read_json

from ...common.dl_info import (
    LesionRow,
    RawRow,
    iterate_rows,
    parse_row,
    read_bytes,
)
from ..conversion.row_checks import repair_lesion

# Columns, rows and slices in mm.
Spacing = tuple[float, float, float]


class Spacings:
    """Spacing of a run of slices: given, of the CSV, or of its JSON file."""

    def __init__(
        self,
        csv_path: str | os.PathLike | None = None,
        spacing_mm: Spacing | None = None,
    ) -> None:
        self._given = spacing_mm
        self._by_series: dict[str, list[tuple[int, Spacing]]] | None = None
        if csv_path is not None:
            self._by_series = defaultdict(list)
            name = Path(csv_path).name
            for raw in iterate_rows(read_bytes(csv_path), name):
                row = _parsed(raw, name)
                self._by_series[row.series].append(
                    (row.key_slice, (*row.spacing_mm, row.slice_interval_mm))
                )

    def knows(self, series: str) -> bool:
        """Whether a series is to be converted at all."""
        return self._by_series is None or series in self._by_series

    def of(self, folder: Path, numbers: Sequence[int]) -> Spacing:
        """Spacing of some slices of a series.

        Raises:
            ValueError: no source says it, or the CSV says two.
        """
        if self._given is not None:
            return self._given
        if self._by_series is None:
            return _noted_spacing(folder, numbers)
        rows = self._by_series[folder.name]
        inside = {s for key, s in rows if numbers[0] <= key <= numbers[-1]}
        found = inside or {spacing for _, spacing in rows}
        if len(found) > 1:
            raise ValueError(
                f'{folder}: slices {numbers[0]} to {numbers[-1]} must have '
                f'one spacing, but the CSV has {sorted(found)}. Give one.'
            )
        return found.pop()


def run_name(series: str, numbers: Sequence[int]) -> str:
    """`000001_01_01_103-115`, as DeepLesion's own script names volumes."""
    return f'{series}_{numbers[0]:03d}-{numbers[-1]:03d}'


def _parsed(raw: RawRow, name: str) -> LesionRow:
    try:
        return repair_lesion(parse_row(raw, with_split=False))
    except RowError as error:
        raise ValueError(
            f'{name} row {raw.row} on line {raw.line}: {error}.'
        ) from error


def _noted_spacing(folder: Path, numbers: Sequence[int]) -> Spacing:
    for name in (run_name(folder.name, numbers), folder.name):
        path = folder.parent / f'{name}.json'
        if path.is_file():
            note = read_json(path)
            if isinstance(note, dict) and 'spacing_mm' in note:
                return tuple(note['spacing_mm'])
    raise ValueError(
        f'{folder} does not say how large its pixels are. Give DL_info.csv, '
        'or the spacing of columns, rows and slices in mm.'
    )
