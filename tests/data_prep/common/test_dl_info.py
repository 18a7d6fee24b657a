from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.common import dl_info
from mmuldor.io.csv_fields import RowError

# The first row of the release.
ROW = (
    '000001_01_01_109.png',
    '1',
    '1',
    '1',
    '109',
    '233.537, 95.0204, 234.057, 106.977, 231.169, 101.605, 236.252, 101.143',
    '226.169, 90.0204, 241.252, 111.977',
    '11.9677, 5.10387',
    '0.44666, 0.283794, 0.434454',
    '3',
    '0',
    '103, 115',
    '0.488281, 0.488281, 5',
    '512, 512',
    '-175, 275',
    'F',
    '62',
    '3',
)


def csv_bytes(rows, header=dl_info.COLUMNS, end='\r\n') -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator=end).writerows([header, *rows])
    return stream.getvalue().encode()


def with_field(column: str, value: str) -> tuple[str, ...]:
    place = dl_info.COLUMNS.index(column)
    return (*ROW[:place], value, *ROW[place + 1 :])


def parse_one(row=ROW, **options) -> dl_info.LesionRow:
    (raw,) = dl_info.iterate_rows(csv_bytes([row]))
    return dl_info.parse_row(raw, **options)


def test_the_first_row_of_the_release():
    row = parse_one()
    assert row.file_name == '000001_01_01/109.png'
    assert row.series == '000001_01_01'
    assert (row.patient, row.key_slice, row.slice_range) == (
        1,
        109,
        (103, 115),
    )
    # One less than the file says, and without a binary tail.
    assert row.box_px == (225.169, 89.0204, 240.252, 110.977)
    assert row.recist_px[:4] == (232.537, 94.0204, 233.057, 105.977)
    assert row.spacing_mm == (0.488281, 0.488281)
    assert row.slice_interval_mm == 5
    assert (row.width, row.height) == (512, 512)
    assert row.window_hu == (-175, 275)
    assert (row.lesion_type, row.noisy, row.split) == (3, False, 'test')


def test_no_binary_tail_behind_the_subtraction():
    row = with_field('Bounding_boxes', '1.1, 2.3, 30.1, 40.7')
    # In binary 1.1 - 1 is 0.10000000000000009.
    assert parse_one(row).box_px == (0.1, 1.3, 29.1, 39.7)


def test_split_is_not_read_where_it_is_not_wanted():
    row = with_field('Train_Val_Test', 'none')
    assert parse_one(row, with_split=False).split is None


def test_width_comes_first():
    row = parse_one(with_field('Image_size', '640, 512'))
    assert (row.width, row.height) == (640, 512)


@pytest.mark.parametrize('end', ['\n', '\r\n'])
@pytest.mark.parametrize('mark', [b'', b'\xef\xbb\xbf'])
def test_marks_line_ends_and_blank_lines(end, mark):
    data = mark + csv_bytes([ROW, [], ROW, ['']], end=end)
    rows = list(dl_info.iterate_rows(data))
    assert [(raw.row, raw.line) for raw in rows] == [(1, 2), (2, 4)]
    assert rows[1].fields == dict(zip(dl_info.COLUMNS, ROW, strict=True))


@pytest.mark.parametrize(
    ('separator', 'coding'), [(';', 'utf-8-sig'), ('\t', 'utf-16')]
)
def test_separators_of_spreadsheets(separator, coding):
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator)
    writer.writerows([dl_info.COLUMNS, ROW])
    (raw,) = dl_info.iterate_rows(stream.getvalue().encode(coding))
    plain = list(dl_info.iterate_rows(csv_bytes([ROW])))
    assert raw.fields == plain[0].fields
    # Several numbers keep their commas.
    assert dl_info.parse_row(raw).box_px == dl_info.parse_row(plain[0]).box_px


def test_spaces_other_order_and_other_spelling():
    header = [
        ' Patient_sex ' if name == 'Patient_gender' else f' {name}'
        for name in reversed(dl_info.COLUMNS)
    ]
    padded = [f'  {value} ' for value in reversed(ROW)]
    (raw,) = dl_info.iterate_rows(csv_bytes([padded], header))
    assert raw.fields == dict(zip(dl_info.COLUMNS, ROW, strict=True))


def test_space_before_a_quotation_mark():
    data = csv_bytes([ROW]).replace(b',"', b', "')
    (raw,) = dl_info.iterate_rows(data)
    assert raw.fields['Slice_range'] == '103, 115'


def test_spreadsheet_habits():
    row = (*with_field('Key_slice_index', '109.0'), '', ' ')
    assert parse_one(row).key_slice == 109


def test_extra_columns_do_not_matter():
    data = csv_bytes([(*ROW, 'x')], (*dl_info.COLUMNS, 'Comment'))
    assert len(list(dl_info.iterate_rows(data))) == 1


@pytest.mark.parametrize('column', dl_info.COLUMNS)
def test_missing_column(column):
    header = [name for name in dl_info.COLUMNS if name != column]
    with pytest.raises(
        ValueError, match=f'must have the columns.*but {column} missing; found'
    ):
        list(dl_info.iterate_rows(csv_bytes([], header)))


@pytest.mark.parametrize('data', [b'', b'\n\n', b'a;b;c\n1;2;3\n'])
def test_no_header(data):
    with pytest.raises(ValueError, match=r'x\.csv must have the columns'):
        list(dl_info.iterate_rows(data, 'x.csv'))


def test_binary_file():
    with pytest.raises(ValueError, match=r'x\.csv must be UTF-8 text'):
        list(dl_info.iterate_rows(b'PK\x03\x04\xff\xfe', 'x.csv'))


def test_open_quotation_mark_spoils_one_row_only():
    data = csv_bytes([ROW] * 5).replace(b'275"', b'275', 1)
    rows = list(dl_info.iterate_rows(data))
    assert [raw.error is None for raw in rows] == [False, True, True, True]


def test_quotation_mark_that_never_closes():
    data = csv_bytes([ROW]) + b'"' + b'0' * 200_000
    with pytest.raises(
        ValueError, match=r'line 3 must be CSV.*quotation mark'
    ):
        list(dl_info.iterate_rows(data))


@pytest.mark.parametrize('row', [ROW[:-1], (*ROW, '3'), ROW[:1]])
def test_other_number_of_fields(row):
    with pytest.raises(RowError, match='must be 18 fields') as caught:
        parse_one(row)
    assert caught.value.column == 'all'
    assert caught.value.value == f'{len(row)} fields'


WRONG = [
    ('File_name', ''),
    ('File_name', '../../etc/passwd'),
    ('File_name', '000001_01_01_109.jpg'),
    ('Patient_index', '0'),
    ('Patient_index', 'one'),
    ('Study_index', ''),
    ('Series_ID', '1.5'),
    ('Key_slice_index', '-1'),
    ('Key_slice_index', '1, 2'),
    ('Measurement_coordinates', '1, 2, 3, 4, 5, 6, 7'),
    ('Measurement_coordinates', '1, 2, 3, 4, 5, 6, 7, nan'),
    ('Measurement_coordinates', '1, 2, 3, 4, 5, 6, 7, 8, 9'),
    ('Bounding_boxes', '1, 2, inf, 4'),
    ('Bounding_boxes', '1, 2; 3, 4'),
    ('Bounding_boxes', '1, 2, 3, 1_000'),
    ('Lesion_diameters_Pixel_', '5'),
    ('Normalized_lesion_location', '0.5, 0.5'),
    ('Coarse_lesion_type', '0'),
    ('Coarse_lesion_type', '9'),
    ('Possibly_noisy', '2'),
    ('Slice_range', '103'),
    ('Slice_range', '103, 115.5'),
    ('Spacing_mm_px_', '0.5, 0.5'),
    ('Spacing_mm_px_', '0.5, 0, 5'),
    ('Spacing_mm_px_', '-0.5, 0.5, 5'),
    ('Spacing_mm_px_', '0.5, 0.5, 0'),
    ('Image_size', '512, 0'),
    ('Image_size', '512'),
    ('DICOM_windows', '-175'),
    ('Train_Val_Test', '0'),
    ('Train_Val_Test', '4'),
    ('Train_Val_Test', ''),
]


@pytest.mark.parametrize(('column', 'value'), WRONG)
def test_a_wrong_field_is_named(column, value):
    with pytest.raises(RowError, match=f'^{column} must be') as caught:
        parse_one(with_field(column, value))
    assert (caught.value.column, caught.value.value) == (column, value)


@given(st.lists(st.text(max_size=30), min_size=18, max_size=18))
@settings(max_examples=60)
def test_noise_is_never_a_row(values):
    with pytest.raises(ValueError, match='must be'):
        parse_one((*values[:-1], 'x'))


def test_git_hash_is_gits():
    # `printf 'hello\n' | git hash-object --stdin`
    assert dl_info.git_hash(b'hello\n') == (
        'ce013625030ba8dba906f756967f9e9ca394464a'
    )


def test_missing_csv(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'`--csv` must be.*gone\.csv'):
        dl_info.read_bytes(tmp_path / 'gone.csv')


def test_all_real_rows(real_data):
    path = real_data / 'deeplesion_sample' / 'DL_info.csv'
    raw_rows = list(dl_info.iterate_rows(dl_info.read_bytes(path)))
    assert len(raw_rows) == 5983
    splits = [dl_info.parse_row(raw).split for raw in raw_rows]
    assert [splits.count(s) for s in ('train', 'val', 'test')] == [
        1045,
        11,
        4927,
    ]
