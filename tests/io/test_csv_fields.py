"""Rows of CSV files and the numbers in them."""

import pytest

from mmuldor.io.csv_fields import Fields, RowError, read_rows


@pytest.fixture
def fields():
    return Fields(
        {
            'box': '1, 2.5, 3, -4',
            'size': '512.0, 512',
            'split': '3',
            'text': 'x',
            'infinite': 'inf',
            'long': '1_000',
            'huge': '1e300',
        }
    )


def test_numbers_of_a_field(fields):
    assert fields.numbers('box', 4) == (1.0, 2.5, 3.0, -4.0)
    # Spreadsheets write 512 as 512.0.
    assert fields.integers('size', 2) == (512, 512)
    assert fields.integer('split', lambda value: value < 4) == 3
    assert fields.numbers('infinite', 1, finite=False) == (float('inf'),)


@pytest.mark.parametrize(
    ('column', 'count', 'match'),
    [
        ('box', 3, 'box must be 3 finite numbers, but got .1, 2.5, 3, -4'),
        ('text', 1, "text must be a finite number, but got 'x'"),
        ('infinite', 1, 'infinite must be a finite number'),
        ('long', 1, 'long must be a finite number'),
        ('huge', 1, 'huge must be at most 1e'),
    ],
)
def test_what_are_no_such_numbers(fields, column, count, match):
    with pytest.raises(RowError, match=match) as caught:
        fields.numbers(column, count)
    assert caught.value.column == column


def test_what_are_no_such_integers(fields):
    with pytest.raises(RowError, match='box must be 4 integers'):
        fields.integers('box', 4)
    with pytest.raises(RowError, match="split must be 1 or 2, but got '3'"):
        fields.integer('split', lambda value: value < 3, '1 or 2')


def test_a_long_value_is_cut_in_the_message_alone():
    error = RowError('name', 'a' * 100, 'short')
    assert error.value == 'a' * 100
    assert str(error) == f"name must be short, but got '{'a' * 77}...'"


def rows_of(tmp_path, text, *needed):
    path = tmp_path / 'rows.csv'
    path.write_bytes(text.encode())
    return [row for _, row in read_rows(path, needed)]


def test_columns_come_in_any_order_and_the_last_may_be_empty(tmp_path):
    text = '\ufeffscore, image ,note\n0.5, a.png\n\n0.25,b.png,seen\n'
    assert rows_of(tmp_path, text, 'image', 'score') == [
        {'score': '0.5', 'image': 'a.png', 'note': ''},
        {'score': '0.25', 'image': 'b.png', 'note': 'seen'},
    ]


EXCEL = 'Image;x1;note\n\na.png;100,5;"1,2; 3"\nb.png;-7,25e1;\n'


@pytest.mark.parametrize(
    'data',
    [
        EXCEL.encode(),
        EXCEL.replace('\n', '\r\n').encode('utf-8-sig'),
        b'sep=;\r\n' + EXCEL.encode(),
        EXCEL.replace(';', '\t').replace('2\t 3', '2; 3').encode('utf-16'),
    ],
    ids=['semicolons', 'byte order mark', 'declared', 'tabs in UTF-16'],
)
def test_spreadsheets_of_other_countries(tmp_path, data):
    (tmp_path / 'rows.csv').write_bytes(data)
    rows = list(read_rows(tmp_path / 'rows.csv', ['image', 'x1']))
    assert [row for _, row in rows] == [
        {'image': 'a.png', 'x1': '100.5', 'note': '1,2; 3'},
        {'image': 'b.png', 'x1': '-7.25e1', 'note': ''},
    ]
    first = 4 if data.startswith(b'sep') else 3
    assert rows[0][0].endswith(f'line {first}')


def test_two_decimal_marks_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"line 2 has '1,250' and line 3 '0\.5'\. Write"
    ):
        rows_of(tmp_path, 'image;x1\na;1,250\nb;0.5\n', 'image', 'x1')


def test_commas_between_fields_leave_decimal_commas_alone(tmp_path):
    (row,) = rows_of(tmp_path, 'image,x1\na,"1,5"\n', 'image', 'x1')
    with pytest.raises(RowError, match=r"x1 must be a finite .* got '1,5'"):
        Fields(row).numbers('x1', 1)


def test_columns_are_found_in_any_case(tmp_path):
    text = 'File,PATIENT,Split,More\na,p,train,1\n'
    (tmp_path / 'rows.csv').write_text(text)
    found = read_rows(
        tmp_path / 'rows.csv', ['file', 'patient'], optional=['split']
    )
    assert [row for _, row in found] == [
        {'file': 'a', 'patient': 'p', 'split': 'train', 'More': '1'}
    ]
    # As it is comes first; twice is refused.
    rows = rows_of(tmp_path, 'file,FILE\na,b\n', 'file')
    assert rows == [{'file': 'a', 'FILE': 'b'}]
    with pytest.raises(ValueError, match='name the column file once'):
        rows_of(tmp_path, 'File,FILE\na,b\n', 'file')


def test_a_header_alone_is_a_table_without_rows(tmp_path):
    assert rows_of(tmp_path, 'image,score,note\n\n', 'image') == []


def test_a_row_says_its_file_and_line(tmp_path):
    path = tmp_path / 'rows.csv'
    path.write_text('image\n\na.png\n')
    ((where, _),) = read_rows(path, ['image'])
    assert where == f'{path} line 3'


@pytest.mark.parametrize(
    ('text', 'match'),
    [
        ('', r'line 1 must name the columns image, score, but lacks image'),
        ('image\na.png\n', r'line 1 must name .* but lacks score'),
        ('image,score,image\n', r'line 1 must name the column image once'),
        ('image,score\na.png,0,5\n', r'line 2 must have 2 fields.* has 3'),
        ('image,score\n"a.png,0.5\n', r'must be CSV in UTF-8'),
    ],
)
def test_what_is_no_such_table(tmp_path, text, match):
    with pytest.raises(ValueError, match=match):
        rows_of(tmp_path, text, 'image', 'score')
