"""DeepLesion's `DL_info.csv`: one lesion per row, 18 columns.

Columns as in the README of the release (NIH Clinical Center, Yan et al. 2018).
The file counts pixels from 1; everything that leaves this module counts from 0
with pixel centres at integers. In this frame, which published work and its
detections share, lesions lie half a pixel too far left and up on average
(benchmarks/human-masks.md): `RecistToMask` can move its masks, and boxes stay.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mmuldor.io.csv_dialect import (
    separator_of,
    text_of,
    without_declaration,
)
from mmuldor.io.csv_fields import Fields, RowError
from mmuldor.io.json_files import read_whole
from mmuldor.io.json_values import shortened
from mmuldor.io.limits import INTERVAL_MM, MAX_SIDE_PX, PIXEL_MM
from mmuldor.io.paths import existing_file

COLUMNS = (
    'File_name',
    'Patient_index',
    'Study_index',
    'Series_ID',
    'Key_slice_index',
    'Measurement_coordinates',
    'Bounding_boxes',
    'Lesion_diameters_Pixel_',
    'Normalized_lesion_location',
    'Coarse_lesion_type',
    'Possibly_noisy',
    'Slice_range',
    'Spacing_mm_px_',
    'Image_size',
    'DICOM_windows',
    'Patient_gender',
    'Patient_age',
    'Train_Val_Test',
)
# Newer releases of the file say `sex`.
_ALIASES = {'patient_sex': 'patient_gender'}
OFFICIAL_GIT_HASH = 'f954fe34176b3443f0d89b21e21367754637aa43'
# Lesions of the release (Yan et al., J. Med. Imaging 2018).
OFFICIAL_ROWS = 32_735
SPLITS = {1: 'train', 2: 'val', 3: 'test'}
LESION_TYPES = (-1, *range(1, 9))
_NAME = re.compile(r'(\d{6})_(\d{2})_(\d{2})[_/](\d{3,9})\.png', re.ASCII)


@dataclass(frozen=True)
class RawRow:
    """The text of a row: data row and line of the file, both from 1.

    `fields` maps COLUMNS to stripped text; it is empty, and `error` is set,
    where the row has another number of fields than the header. `csv_name` is
    the text of the column File_name, as far as it is known.
    """

    row: int
    line: int
    csv_name: str
    fields: dict[str, str]
    error: RowError | None = None


@dataclass(frozen=True)
class LesionRow:
    """A row as numbers; pixels count from 0, centres at integers.

    `box_px` is x1 y1 x2 y2; `recist_px` is x y of the first diameter's two
    ends, then of the second's; `spacing_mm` is x y; `slice_interval_mm` has
    the file's sign; `split` is None where the column was not read.
    """

    raw: RawRow
    file_name: str
    patient: int
    key_slice: int
    slice_range: tuple[int, int]
    recist_px: tuple[float, ...]
    box_px: tuple[float, ...]
    diameters_px: tuple[float, ...]
    lesion_type: int
    noisy: bool
    spacing_mm: tuple[float, float]
    slice_interval_mm: float
    width: int
    height: int
    window_hu: tuple[float, float]
    split: str | None

    @property
    def series(self) -> str:
        """Folder of the image, such as 000001_01_01."""
        return self.file_name.partition('/')[0]


def git_hash(data: bytes) -> str:
    """The `git hash-object` of a file with this content."""
    header = f'blob {len(data)}\0'.encode()
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


def read_bytes(path: str | os.PathLike) -> bytes:
    """Reads the file whole (the release's has 9 MB).

    Raises:
        FileNotFoundError: no such file; says where it comes from.
        ValueError: larger than `MAX_FILE_BYTES`.
    """
    advice = (
        'DL_info.csv comes with the DeepLesion release '
        '(https://nihcc.app.box.com/v/DeepLesion).'
    )
    return read_whole(existing_file(path, '`--csv`', advice))


def iterate_rows(data: bytes, name: str = 'DL_info.csv') -> Iterator[RawRow]:
    """Splits the file into rows; blank lines are skipped.

    Args:
        data: the file's bytes; a byte order mark, CRLF, semicolons or tabs
            for commas, and spaces around names and values do not matter, nor
            does the columns' order.
        name: how errors call the file.

    Raises:
        ValueError: no text, no header, a column missing, broken quotes.
    """
    try:
        text, declared = without_declaration(text_of(data))
    except UnicodeDecodeError as error:
        raise ValueError(f'{name} must be UTF-8 text, but {error}.') from error
    reader = csv.reader(
        io.StringIO(text, newline=''),
        delimiter=declared or separator_of(text),
        skipinitialspace=True,
    )
    try:
        header = next((row for row in reader if any(row)), [])
        places = _column_places(header, name)
        count = 0
        for values in reader:
            if any(value.strip() for value in values):
                count += 1
                yield _raw_row(count, reader.line_num, values, header, places)
    except csv.Error as error:
        raise ValueError(
            f'{name} line {reader.line_num} must be CSV, but {error}. '
            'Is a quotation mark left open?'
        ) from error


def parse_row(raw: RawRow, with_split: bool = True) -> LesionRow:
    """Reads the numbers of a row and subtracts 1 from its coordinates.

    Only what a single field must be is checked here; how the fields agree is
    for the caller to judge.

    Args:
        raw: the row.
        with_split: read Train_Val_Test too.

    Raises:
        RowError: names the first column that is wrong.
    """
    if raw.error is not None:
        raise raw.error
    read = Fields(raw.fields)
    patient = read.integer('Patient_index', lambda n: n > 0, 'more than 0')
    read.integer('Study_index')
    read.integer('Series_ID')
    key_slice = read.integer(
        'Key_slice_index', lambda n: n >= 0, 'an integer of 0 or more'
    )
    file_name = parse_name(raw.csv_name)
    read.numbers('Normalized_lesion_location', 3, finite=False)
    x_mm, y_mm, interval_mm = read.numbers('Spacing_mm_px_', 3)
    if x_mm <= 0 or y_mm <= 0 or interval_mm == 0:
        raise read.error('Spacing_mm_px_', 'three spacings above 0 mm')
    for value, (low, high) in (
        (x_mm, PIXEL_MM),
        (y_mm, PIXEL_MM),
        (abs(interval_mm), INTERVAL_MM),
    ):
        if not low <= value <= high:
            raise read.error(
                'Spacing_mm_px_', f'three spacings from {low:g} to {high:g} mm'
            )
    return LesionRow(
        raw=raw,
        file_name=file_name,
        patient=patient,
        key_slice=key_slice,
        slice_range=read.integers('Slice_range', 2),
        recist_px=_from_zero(read.numbers('Measurement_coordinates', 8)),
        box_px=_from_zero(read.numbers('Bounding_boxes', 4)),
        diameters_px=read.numbers('Lesion_diameters_Pixel_', 2),
        lesion_type=read.integer(
            'Coarse_lesion_type', LESION_TYPES.__contains__, '-1 or 1 to 8'
        ),
        noisy=bool(
            read.integer('Possibly_noisy', (0, 1).__contains__, '0 or 1')
        ),
        spacing_mm=(x_mm, y_mm),
        slice_interval_mm=interval_mm,
        **_image_size(read),
        window_hu=read.numbers('DICOM_windows', 2),
        split=_split(read) if with_split else None,
    )


def parse_name(csv_name: str) -> str:
    """`000001_01_01_109.png` -> `000001_01_01/109.png`, as in Images_png."""
    match = _NAME.fullmatch(csv_name)
    if match is None:
        raise RowError(
            'File_name', csv_name, 'a name such as 000001_01_01_109.png'
        )
    *series, number = match.groups()
    return f'{"_".join(series)}/{number}.png'


def _image_size(read: Fields) -> dict[str, int]:
    """Width first, like x y in all other columns; real images are square."""
    width, height = read.integers('Image_size', 2)
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise read.error('Image_size', f'two integers from 1 to {MAX_SIDE_PX}')
    return {'width': width, 'height': height}


def _split(read: Fields) -> str:
    return SPLITS[
        read.integer('Train_Val_Test', SPLITS.__contains__, '1, 2 or 3')
    ]


def _from_zero(values: tuple[float, ...]) -> tuple[float, ...]:
    """Subtracts 1; six decimals are more than the file has."""
    return tuple(round(value - 1, 6) for value in values)


def _column_places(header: list[str], name: str) -> dict[str, int]:
    """Maps COLUMNS to their positions in the header."""
    keys = {column: column.lower().rstrip('_') for column in COLUMNS}
    found = {}
    for place, column in enumerate(header):
        key = column.strip().lower().rstrip('_')
        key = _ALIASES.get(key, key)
        if found.setdefault(key, place) != place and key in keys.values():
            raise ValueError(f'{name} must have the column {column} once.')
    missing = [column for column, key in keys.items() if key not in found]
    if missing:
        raise ValueError(
            f'{name} must have the columns {", ".join(COLUMNS)}, but '
            f'{", ".join(missing)} missing; found '
            f'{shortened(", ".join(header) or "no header")}.'
        )
    return {column: found[key] for column, key in keys.items()}


def _raw_row(
    row: int,
    line: int,
    values: list[str],
    header: list[str],
    places: dict[str, int],
) -> RawRow:
    # Spreadsheets pad rows with empty fields.
    while len(values) > len(header) and not values[-1].strip():
        values = values[:-1]
    values = [value.strip() for value in values]
    # Messages show it; a name that is longer is wrong anyway.
    csv_name = dict(enumerate(values)).get(places['File_name'], '')[:80]
    if len(values) != len(header):
        must = f'{len(header)} fields, as in the header'
        error = RowError('all', f'{len(values)} fields', must)
        return RawRow(row, line, csv_name, {}, error)
    fields = {column: values[place] for column, place in places.items()}
    return RawRow(row, line, csv_name, fields)
