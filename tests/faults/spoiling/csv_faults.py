"""Ways to spoil tables and texts."""

from data_prep.common import dl_info
from tests.faults.spoiling.documents import TABLES, to_csv
from tests.faults.spoiling.fault import Fault

# Texts that a column of numbers must not have.
BAD_TEXT = [
    '',
    'x',
    'nan',
    'inf',
    '1e300',
    '1_0',
    '0x10',
    '1;2',
    '1, 2, 3, 4, 5',
]
# Names, and what is only copied: wrong texts of theirs stand below.
_NAMES = {
    *('File_name', 'Study_index', 'Series_ID'),
    *('Normalized_lesion_location', 'Patient_gender', 'Patient_age'),
}
COLUMNS = {
    'DL_info': [name for name in dl_info.COLUMNS if name not in _NAMES],
    'foreign csv': ['x1', 'y1', 'x2', 'y2', 'score'],
}
# Other wrong texts: kind, column, text.
WRONG_TEXT = [
    ('DL_info', 'File_name', '../../../etc/passwd'),
    ('DL_info', 'File_name', '/000001_01_01_005.png'),
    ('DL_info', 'File_name', '000001_01_01/../005.png'),
    ('DL_info', 'File_name', '\u0660' * 5 + '1_01_01_005.png'),
    ('DL_info', 'File_name', f'000001_01_01_{"9" * 5000}.png'),
    ('DL_info', 'File_name', 'a' * 100_000),
    ('DL_info', 'Patient_index', '1.5'),
    ('DL_info', 'Patient_index', '-1'),
    ('DL_info', 'Coarse_lesion_type', '99'),
    ('DL_info', 'Image_size', '1000000, 1000000'),
    ('DL_info', 'Image_size', '-5, 5'),
    ('DL_info', 'Spacing_mm_px_', '1e6, 1e6, 5'),
    ('DL_info', 'Spacing_mm_px_', '0.8, 0.8, 0'),
    ('DL_info', 'Train_Val_Test', '4'),
    ('foreign csv', 'image', ''),
    ('foreign csv', 'image', '../../000009.png'),
    ('patients', 'file', '../a'),
    ('patients', 'patient', ''),
    ('patients', 'split', 'training'),
    ('review', 'number', '2'),
    ('review', 'number', '9' * 5000),
    ('review', 'number', ''),
    ('review', 'image_id', '3'),
    ('review', 'verdict', 'perhaps'),
]


def faults_of_csv():
    for kind, columns in COLUMNS.items():
        for column in columns:
            for text in BAD_TEXT:
                if column == 'score' and text in ('1e300',):
                    continue
                yield _cell(kind, column, text)
        yield Fault(kind, 'a column twice', _column_twice, _columns(kind)[0])
        yield Fault(kind, 'colons', lambda d: d.replace(b',', b':'))
        yield Fault(kind, 'no header', lambda d: d.split(b'\n', 1)[1])
        yield Fault(kind, 'utf-32', lambda d: d.decode().encode('utf-32'))
        yield Fault(kind, 'utf-16, cut', lambda d: b'\xff\xfe' + d[:7], 'UTF')
        yield Fault(kind, 'latin-1', lambda d: d + b'M\xfcller,', 'UTF-8')
        yield Fault(kind, 'one more field', lambda d: d.rstrip() + b',7\n')
        yield Fault(
            kind, 'open quote', lambda d: d.rstrip() + b',"' + b'x' * 200_000
        )
        yield Fault(kind, 'huge field', lambda d: d + b'7' * 200_000)
    yield Fault('review', 'cut', lambda d: d[: d.index(b',2.00')], 'cut off')
    yield from (_cell(*case) for case in WRONG_TEXT)
    for one, other in (
        ('Measurement_coordinates', 'Bounding_boxes'),
        ('Image_size', 'Spacing_mm_px_'),
        ('Train_Val_Test', 'Coarse_lesion_type'),
        ('File_name', 'Patient_index'),
    ):
        yield Fault('DL_info', f'{one} swapped', _swapped(one, other))


def _columns(kind):
    return _rows(kind)[0]


def _column_twice(data):
    """The first column again, as the last."""
    lines = [line.split(b',') for line in data.rstrip().split(b'\n')]
    return b''.join(b','.join([*line, line[0]]) + b'\n' for line in lines)


def _rows(kind):
    if kind == 'review':
        lines = REVIEW.decode().splitlines()
        columns = lines[0].split(',')
        return columns, [dict(zip(columns, lines[1].split(','), strict=True))]
    return TABLES[kind]


def _cell(kind, column, text):
    def spoil(data):
        columns, rows = _rows(kind)
        return to_csv(columns, [{**rows[0], column: text}])

    return Fault(kind, f'{column} {text[:20]!r}', spoil, column.rstrip('_'))


def _swapped(one, other):
    """The header's names, not the values."""

    def spoil(data):
        columns, rows = TABLES['DL_info']
        names = {one: other, other: one}
        _, body = to_csv(columns, rows).split(b'\n', 1)
        swapped = ','.join(names.get(c, c) for c in columns)
        return swapped.encode() + b'\n' + body

    return spoil


REVIEW = (
    b'number,image_id,file_name,x1,y1,x2,y2,score,mask_iou,ignored,verdict\n'
    b'1,1,000001_01_01/005.png,2,3,10,9,0.9,0.1,0,lesion\n'
)


def faults_of_yolo():
    for name, text in {
        'five words': b'0 0.5 0.5 0.2 0.2\n',
        'seven words': b'0 0.5 0.5 0.2 0.2 0.9 1\n',
        'pixels': b'0 250 250 20 20 0.9\n',
        'nan': b'0 nan 0.5 0.2 0.2 0.9\n',
        'text': b'0 x 0.5 0.2 0.2 0.9\n',
    }.items():
        yield Fault('yolo', name, lambda data, text=text: text)
