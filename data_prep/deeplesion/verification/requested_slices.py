"""The slices that DL_info.csv names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmuldor.io.annotations import load_annotations
from mmuldor.io.csv_fields import RowError

from ...common.dl_info import LesionRow, iterate_rows, parse_row
from ..conversion.row_checks import repair_lesion

# Real ranges have at most a few hundred slices.
_LONGEST_RANGE = 10_000


@dataclass
class RequestedSeries:
    """Slices of a series by number, and their size (height, width)."""

    shape: tuple[int, int]
    key_slices: set[int] = field(default_factory=set)
    neighbours: set[int] = field(default_factory=set)


@dataclass
class RequestedSlices:
    """All series by name; `unreadable` are rows that cannot be read."""

    series: dict[str, RequestedSeries] = field(default_factory=dict)
    rows: int = 0
    unreadable: list[str] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Number of `key_slices` or `neighbours`."""
        return sum(len(getattr(s, kind)) for s in self.series.values())


def read_requested_slices(
    data: bytes,
    name: str,
    ann_files: Sequence[str | os.PathLike] = (),
    neighbours: int | None = None,
) -> RequestedSlices:
    """Key slices, and their neighbours in the CSV's slice range.

    Args:
        data: the CSV's bytes.
        name: how errors call it.
        ann_files: annotation files whose images alone are requested; none
            asks for all of the CSV.
        neighbours: how many on each side; None means the whole range.

    Raises:
        ValueError: the CSV or an annotation file is malformed, or names an
            image that the CSV does not.
    """
    wanted = _image_names(ann_files) if ann_files else None
    requested, met = RequestedSlices(), set()
    for row in _rows(data, name, requested):
        met.add(row.file_name)
        if wanted is None or row.file_name in wanted:
            _add_row(requested, row, neighbours)
    for series in requested.series.values():
        series.neighbours -= series.key_slices
    if wanted is not None and wanted - met:
        some = ', '.join(sorted(wanted - met)[:3])
        raise ValueError(
            f'{name} must name all images of the annotation files, but lacks '
            f'{len(wanted - met)}: {some}. Take the CSV that they were made '
            'from.'
        )
    return requested


def _rows(
    data: bytes, name: str, requested: RequestedSlices
) -> Iterator[LesionRow]:
    for raw in iterate_rows(data, name):
        requested.rows += 1
        try:
            row = repair_lesion(parse_row(raw, with_split=False))
            low, high = row.slice_range
            if high - low >= _LONGEST_RANGE:
                raise RowError(
                    'Slice_range',
                    raw.fields['Slice_range'],
                    f'less than {_LONGEST_RANGE} slices',
                )
        except RowError as error:
            requested.unreadable.append(
                f'row {raw.row} on line {raw.line}: {error}'
            )
        else:
            yield row


def _add_row(
    requested: RequestedSlices, row: LesionRow, neighbours: int | None
) -> None:
    series = requested.series.setdefault(
        row.series, RequestedSeries((row.height, row.width))
    )
    # The number in the file's name, as the file system has it.
    key = int(Path(row.file_name).stem)
    series.key_slices.add(key)
    low, high = row.slice_range
    if neighbours is not None:
        low, high = max(low, key - neighbours), min(high, key + neighbours)
    series.neighbours.update(range(low, high + 1))


def _image_names(ann_files: Sequence[str | os.PathLike]) -> set[str]:
    return {
        image['file_name']
        for path in ann_files
        for image in load_annotations(path)['images']
    }
