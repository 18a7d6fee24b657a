"""Consistency checks between rows: repeats, contradictions, leaks."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ...common.dl_info import LesionRow
from .row_checks import RowFinding

# Facts of an image, not of a lesion. A different size, spacing or split in two
# rows of an image means damage: one of them must be wrong, and it matters.
_HARD = {
    'width': 'Image_size',
    'height': 'Image_size',
    'spacing_mm': 'Spacing_mm_px_',
    'split': 'Train_Val_Test',
}
_SOFT = {
    'slice_interval_mm': 'Spacing_mm_px_',
    'slice_range': 'Slice_range',
    'window_hu': 'DICOM_windows',
}


class ImageConsistency:
    """Compares each row with the first good row of the same image."""

    def __init__(self) -> None:
        self._first: dict[str, LesionRow] = {}
        self._rows: dict[tuple[str, ...], int] = {}
        self._recists: dict[tuple, int] = {}

    def check(self, row: LesionRow) -> Iterator[RowFinding]:
        """Yields findings on `row`; call it once per row, in file order."""
        twin = self._rows.setdefault(
            tuple(row.raw.fields.values()), row.raw.row
        )
        if twin != row.raw.row:
            yield RowFinding(
                'drop',
                'duplicate_row',
                'all',
                row.raw.csv_name,
                f'must not repeat row {twin}',
            )
            return
        first = self._first.get(row.file_name, row)
        yield from _compare(first, row)
        twin = self._recists.setdefault(
            (row.file_name, row.recist_px), row.raw.row
        )
        if twin != row.raw.row:
            yield RowFinding(
                'note',
                'recist_repeated',
                'Measurement_coordinates',
                row.raw.fields['Measurement_coordinates'],
                f'the same lesion as row {twin}; both are kept',
            )

    def accept(self, row: LesionRow) -> LesionRow:
        """Returns `row` with its image's facts; the first row sets them."""
        first = self._first.setdefault(row.file_name, row)
        return dataclasses.replace(
            row, **{name: getattr(first, name) for name in _SOFT}
        )


def check_dataset(rows: Iterable[LesionRow]) -> Iterator[tuple]:
    """Yields (row, finding) of the checks that need the whole file."""
    splits: dict[int, dict[str, LesionRow]] = defaultdict(dict)
    intervals: dict[str, dict[float, LesionRow]] = defaultdict(dict)
    for row in rows:
        splits[row.patient].setdefault(row.split, row)
        intervals[row.series].setdefault(row.slice_interval_mm, row)
    for groups, reason, column, detail in (
        (
            splits,
            'patient_in_several_splits',
            'Train_Val_Test',
            'patient {} leaks from one split to another',
        ),
        (
            intervals,
            'several_slice_intervals',
            'Spacing_mm_px_',
            'series {} has more than one; each row keeps its',
        ),
    ):
        for name, found in groups.items():
            if len(found) > 1:
                values = ', '.join(map(str, found))
                yield (
                    list(found.values())[-1],
                    RowFinding(
                        'note', reason, column, values, detail.format(name)
                    ),
                )


def _compare(first: LesionRow, row: LesionRow) -> Iterator[RowFinding]:
    for name, column in (_HARD | _SOFT).items():
        expected, found = getattr(first, name), getattr(row, name)
        if expected == found:
            continue
        hard = name in _HARD
        yield RowFinding(
            'bad' if hard else 'repair',
            'image_facts_disagree',
            column,
            row.raw.fields[column],
            f'must be as in row {first.raw.row} of the same image '
            f'({first.raw.fields[column]!r})'
            + ('' if hard else ', which is taken'),
        )
        return
