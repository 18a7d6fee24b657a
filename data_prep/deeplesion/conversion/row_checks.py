"""Checks of one row of DL_info.csv after its numbers are read.

Four kinds of findings:

- bad: the row contradicts itself or another one, or no lesion can be made of
  it, so the file is damaged; the conversion stops (or drops the row, with
  `--bad-rows drop`, and always in the release's own file);
- drop: a row without information of its own, such as a repeated one;
- repair: a fact with one obvious reading, which is taken;
- note: a fact that is kept as it is and worth knowing.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ...common.dl_info import LesionRow

Kind = Literal['bad', 'drop', 'repair', 'note']

# The release's boxes are the RECIST's extent and this margin on each side.
BOX_MARGIN_PX = 5
# Its numbers have six significant digits: boxes are exact to 0.0005 px,
# diameters to 0.0014 px (5,983 rows).
BOX_TOLERANCE_PX = 0.01
DIAMETER_TOLERANCE_PX = 0.1
ZERO_PX = 0.001
# Real boxes leave their image by up to 6 px (the margin and one pixel).
MAX_OVERHANG_PX = 10
# In-plane 0.279 to 0.977 mm and intervals of 0.25 to 5 mm are real.
USUAL_SPACING_MM = (0.1, 2.0)
USUAL_INTERVAL_MM = (0.1, 20.0)


@dataclass(frozen=True)
class RowFinding:
    """One finding; `value` is the text of the file, `detail` a sentence."""

    kind: Kind
    reason: str
    column: str
    value: str
    detail: str


def check_lesion(row: LesionRow) -> Iterator[RowFinding]:
    """Yields every finding on one row by itself."""
    for check in (
        _check_name,
        _check_slices,
        _check_spacing,
        _check_recist,
        _check_box,
        _check_patient,
    ):
        yield from check(row)


def repair_lesion(row: LesionRow) -> LesionRow:
    """Corrects wrong signs and orders, whose meaning is clear."""
    return dataclasses.replace(
        row,
        slice_interval_mm=abs(row.slice_interval_mm),
        slice_range=tuple(sorted(row.slice_range)),
        window_hu=tuple(sorted(row.window_hu)),
    )


def _finding(
    row: LesionRow, kind: Kind, reason: str, column: str, detail: str
) -> RowFinding:
    return RowFinding(kind, reason, column, row.raw.fields[column], detail)


def _check_name(row: LesionRow) -> Iterator[RowFinding]:
    if int(row.series[:6]) != row.patient:
        yield _finding(
            row,
            'bad',
            'name_disagrees',
            'Patient_index',
            f'must be the patient of File_name {row.raw.csv_name!r}',
        )
    if int(row.file_name[-7:-4]) != row.key_slice % 1000:
        yield _finding(
            row,
            'bad',
            'name_disagrees',
            'Key_slice_index',
            f'must be the slice of File_name {row.raw.csv_name!r}',
        )


def _check_slices(row: LesionRow) -> Iterator[RowFinding]:
    low, high = sorted(row.slice_range)
    if row.slice_range[0] > row.slice_range[1]:
        yield _finding(
            row, 'repair', 'slice_range_reversed', 'Slice_range', 'sorted'
        )
    if not low <= row.key_slice <= high:
        yield _finding(
            row,
            'bad',
            'key_slice_outside_range',
            'Slice_range',
            f'must contain the key slice {row.key_slice}',
        )
    elif row.key_slice in (low, high):
        yield _finding(
            row,
            'note',
            'key_slice_at_end_of_range',
            'Slice_range',
            f'key slice {row.key_slice} lacks a neighbour in its range',
        )


def _check_spacing(row: LesionRow) -> Iterator[RowFinding]:
    column = 'Spacing_mm_px_'
    if row.slice_interval_mm < 0:
        yield _finding(
            row, 'repair', 'slice_interval_negative', column, 'sign dropped'
        )
    usual = all(
        USUAL_SPACING_MM[0] <= value <= USUAL_SPACING_MM[1]
        for value in row.spacing_mm
    )
    low, high = USUAL_INTERVAL_MM
    if not usual or not low <= abs(row.slice_interval_mm) <= high:
        yield _finding(
            row, 'note', 'spacing_unusual', column, 'is this really mm?'
        )
    first, last = row.window_hu
    if first == last:
        yield _finding(
            row,
            'bad',
            'window_without_width',
            'DICOM_windows',
            'must be two different numbers',
        )
    elif first > last:
        yield _finding(
            row, 'repair', 'window_reversed', 'DICOM_windows', 'sorted'
        )


def _check_recist(row: LesionRow) -> Iterator[RowFinding]:
    column = 'Measurement_coordinates'
    ends = [row.recist_px[i : i + 2] for i in range(0, 8, 2)]
    first, second = math.dist(*ends[:2]), math.dist(*ends[2:])
    if min(first, second) < ZERO_PX:
        yield _finding(
            row,
            'bad',
            'recist_of_zero_length',
            column,
            'must be two diameters of more than zero length',
        )
        return
    if _height_px(ends, max(first, second)) < ZERO_PX:
        yield _finding(
            row,
            'bad',
            'recist_on_one_line',
            column,
            'must be four points that do not lie on one line',
        )
        return
    if first < second:
        yield _finding(
            row, 'note', 'first_diameter_is_shorter', column, 'kept as it is'
        )
    if min(first, second) < 1:
        yield _finding(
            row, 'note', 'short_axis_under_1_px', column, 'kept as it is'
        )
    given = row.diameters_px
    error = max(abs(given[0] - first), abs(given[1] - second))
    if not error <= DIAMETER_TOLERANCE_PX:
        yield _finding(
            row,
            'note',
            'diameters_disagree',
            'Lesion_diameters_Pixel_',
            f'the coordinates give {first:.6g}, {second:.6g}; these are used',
        )


def _height_px(ends: list[tuple[float, ...]], longest_px: float) -> float:
    """Extent of the four points perpendicular to the longer diameter."""
    long_pair = ends[:2]
    if math.dist(*long_pair) < longest_px:
        long_pair = ends[2:]
    (x0, y0), (x1, y1) = long_pair
    across = [
        ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / longest_px
        for x, y in ends
    ]
    return max(across) - min(across)


def _check_box(row: LesionRow) -> Iterator[RowFinding]:
    column = 'Bounding_boxes'
    x1, y1, x2, y2 = row.box_px
    if not (x1 < x2 and y1 < y2):
        yield _finding(
            row,
            'bad',
            'box_without_area',
            column,
            'must be x1, y1, x2, y2 with x1 < x2 and y1 < y2',
        )
        return
    xs, ys = row.recist_px[0::2], row.recist_px[1::2]
    # Positive where the box lies outside the RECIST's extent.
    margins = (min(xs) - x1, min(ys) - y1, x2 - max(xs), y2 - max(ys))
    if min(margins) < -BOX_TOLERANCE_PX:
        yield _finding(
            row,
            'bad',
            'box_misses_recist',
            column,
            'must contain Measurement_coordinates '
            f'{row.raw.fields["Measurement_coordinates"]!r}',
        )
        return
    if any(abs(m - BOX_MARGIN_PX) > BOX_TOLERANCE_PX for m in margins):
        yield _finding(
            row,
            'note',
            'box_is_not_recist_plus_5_px',
            column,
            'kept as it is',
        )
    overhang = max(-x1, -y1, x2 - (row.width - 1), y2 - (row.height - 1))
    if overhang > MAX_OVERHANG_PX:
        yield _finding(
            row,
            'bad',
            'far_outside_image',
            column,
            f'must not leave the image of {row.width} x {row.height} by more '
            f'than {MAX_OVERHANG_PX} px',
        )
    elif overhang > 0:
        yield _finding(
            row,
            'note',
            'box_leaves_image',
            column,
            f'by {overhang:.6g} px; kept as it is',
        )


def _check_patient(row: LesionRow) -> Iterator[RowFinding]:
    fields = row.raw.fields
    if not fields['Patient_age'].replace('.', '', 1).isdigit():
        yield _finding(row, 'note', 'age_missing', 'Patient_age', 'not needed')
    if fields['Patient_gender'] not in ('F', 'M'):
        yield _finding(
            row, 'note', 'gender_missing', 'Patient_gender', 'not needed'
        )
