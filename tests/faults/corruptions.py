"""Ways to spoil files: tables of faults, by kind of file.

`all_faults()` gives `Fault(kind, name, spoil, field)`: `spoil` turns a good
file's bytes into bad ones, `field` is what the message must name besides the
file.
"""

import json
import math
import zlib

import numpy as np

from data_prep.common import dl_info
from tests.faults import good
from tests.faults.corruptions_images import faults_of_images
from tests.faults.fault import Fault

MISSING = object()
NAN, INF = math.nan, math.inf
HUGE = 10**400
DEEP = '[' * 100_000 + ']' * 100_000


def all_faults():
    """Every fault of every kind of file."""
    return [
        *_of_bytes(),
        *_of_json(),
        *_of_csv(),
        *_of_texts(),
        *faults_of_images(),
    ]


# What happens to any file: name, bytes.
BYTES = {
    'empty': lambda data: b'',
    'half': lambda data: data[: len(data) // 2],
    'zeros': lambda data: bytes(len(data)),
    'noise': lambda data: np.random.default_rng(0).bytes(len(data)),
    'an error page': lambda data: b'<!doctype html><h1>404</h1>\n' * 9,
    'zipped': lambda data: zlib.compress(data),
}

# A series leaves out what is no DICOM, and says so; no line, no detection.
LEFT_OUT = {('yolo', 'empty'), *(('dicom', n) for n in BYTES if n != 'half')}


def _of_bytes():
    for kind in good.SUFFIXES:
        for name, spoil in BYTES.items():
            if (kind, name) not in LEFT_OUT:
                yield Fault(kind, name, spoil)


# Values that a field of a type must not have.
_BAD_NUMBER = [MISSING, None, True, '7', [7], {}, NAN, INF, HUGE]
BAD = {
    'integer': [*_BAD_NUMBER, 1.5],
    'id': [*_BAD_NUMBER, 1.5, -1, 10**30],
    'size': [*_BAD_NUMBER, 1.5, -1, 0, 10**6, 10**30],
    'number': _BAD_NUMBER,
    'positive': [*_BAD_NUMBER, -1, 0, 1e300, 1e-300],
    'flag': [MISSING, None, 'yes', 0, 1.0, []],
    'text': [MISSING, None, True, 7, [], {}, ''],
    'list': [MISSING, None, True, 7, 'seven', {}, [None], [7], [[]]],
    'object': [MISSING, None, True, 7, 'seven', [], [[]]],
    # Numbers of a list: what one of them must not be.
    'numbers': [MISSING, None, 7, '7', {}, [], [1, 2], NAN],
    'one number': [None, True, '7', [7], NAN, -INF, HUGE, 1e300],
    'name': [
        '/etc/passwd',
        '../../../etc/passwd',
        'a/../../b.png',
        '..\\..\\b.png',
        'C:\\b.png',
        '\\\\host\\b.png',
        'a\0b.png',
        '\ud800.png',
    ],
}
_BOX = ('numbers', 'one number')
# Fields of JSON files: place, types of BAD.
FIELDS = {
    'annotations': {
        'images': ('list',),
        'images.0.id': ('id',),
        'images.0.file_name': ('text', 'name'),
        'images.0.height': ('size',),
        'images.0.width': ('size',),
        'images.0.spacing_mm': ('numbers',),
        'images.0.spacing_mm.0': ('one number', 'positive'),
        'images.0.slice_interval_mm': ('positive',),
        'images.0.key_slice': ('integer',),
        'images.0.slice_range': ('numbers',),
        'images.0.patient': ('integer',),
        'images.0.window_hu': ('numbers',),
        'annotations': ('list',),
        'annotations.0.id': ('id',),
        'annotations.0.image_id': ('id',),
        'annotations.0.category_id': ('integer',),
        'annotations.0.bbox': _BOX[:1],
        'annotations.0.bbox.2': _BOX[1:],
        'annotations.0.recist_px': ('numbers',),
        'annotations.0.recist_px.7': ('one number',),
        'annotations.0.lesion_type': ('integer',),
        'annotations.0.noisy': ('flag',),
    },
    'results': {
        '0.image_id': ('id',),
        '0.bbox': ('numbers',),
        '0.bbox.0': ('one number',),
        '0.score': ('number',),
        '0.category_id': ('integer',),
    },
    'bank': {
        'version': ('integer',),
        'ann_file': ('text',),
        'fingerprint': ('text',),
        'images': ('object',),
        'images.1': ('object',),
        'images.1.0.bbox': ('numbers',),
        'images.1.0.bbox.3': ('one number',),
        'images.1.0.score': ('number',),
        'images.1.0.mask_iou': ('number',),
        'images.1.0.spared': ('flag',),
        'images.1.0.polygons': ('list',),
        'epoch': ('integer',),
        'counts': ('object',),
        'counts.mined': ('integer',),
    },
    'exclude': {
        'images': ('object',),
        'images.1.0.bbox': ('numbers',),
        'images.1.0.bbox.0': ('one number',),
    },
    'volumes': {
        'volumes': ('list',),
        'volumes.0.name': ('text',),
        'volumes.0.split': ('text',),
        'volumes.0.shape': ('numbers',),
        'volumes.0.shape.0': ('size',),
        'volumes.0.spacing_mm': ('numbers',),
        'volumes.0.spacing_mm.2': ('one number',),
        'volumes.0.affine_lps.0': ('numbers',),
        'volumes.0.lesions': ('list',),
        'volumes.0.lesions.0.box_mm': ('numbers',),
        'volumes.0.lesions.0.box_mm.0': ('one number',),
    },
    'lesions': {
        'shape': ('numbers',),
        'spacing_mm': ('numbers',),
        'lesions': ('list',),
        'lesions.0.box_mm': ('numbers',),
        'lesions.0.box_mm.5': ('one number',),
        'lesions.0.score': ('number',),
    },
    'foreign': {
        '0.bbox': ('numbers',),
        '0.bbox.1': ('one number',),
        '0.score': ('number',),
    },
    'own coco': {
        'images': ('list',),
        'images.0.file_name': ('text', 'name'),
        'annotations': ('list',),
        'annotations.0.bbox': ('numbers',),
        'annotations.0.bbox.1': ('one number',),
        'annotations.0.recist_px.3': ('one number',),
    },
    'truth': {
        'lesions': ('list',),
        'lesions.0.row': ('integer',),
        'lesions.0.file_name': ('text',),
        'lesions.0.segmentation': ('object',),
        'lesions.0.segmentation.size': ('numbers',),
        'lesions.0.segmentation.size.0': ('size',),
        'lesions.0.segmentation.counts': ('list',),
    },
}
# Values of BAD that are good in one place.
GOOD_THERE = {
    ('annotations', 'images', '[]'),
    ('bank', 'ann_file', "''"),
    ('bank', 'fingerprint', "''"),
    ('bank', 'version', 'True'),
    ('bank', 'images.1', '[]'),
    ('bank', 'images', '{}'),
    ('exclude', 'images', '{}'),
    ('bank', 'images.1', 'missing'),
    ('bank', 'images.1.0.spared', 'missing'),
    ('bank', 'counts', 'missing'),
    ('bank', 'counts.mined', 'missing'),
    ('truth', 'lesions', '[]'),
    ('truth', 'lesions.0.row', 'None'),
    ('volumes', 'volumes.0.shape.0', '1000000'),
    ('annotations', 'images.0.spacing_mm', '[1, 2]'),
    ('annotations', 'images.0.window_hu', '[1, 2]'),
}


# What Python takes for an integer, or one larger than ids are.
ID_TEXTS = ['01', ' 1', '1_0', '-1', '+1', '\u0661', '', '9' * 19, '9' * 5000]


def _of_json():
    for kind, fields in FIELDS.items():
        for place, types in fields.items():
            values = [value for each in types for value in BAD[each]]
            seen = set()
            for value in values:
                name = 'missing' if value is MISSING else repr(value)[:20]
                if name in seen or (kind, place, name) in GOOD_THERE:
                    continue
                seen.add(name)
                yield Fault(
                    *(kind, f'{place} {name}', _setter(place, value)),
                    _field(place),
                )
        yield Fault(kind, 'deep', lambda data: DEEP.encode())
        yield Fault(kind, 'NaN', lambda data: b'NaN')
        yield Fault(kind, 'long integer', lambda data: b'[' + b'9' * 5000)
        yield Fault(kind, 'latin-1', lambda d: b'{"a": "M\xfcller"}')
        # json itself keeps the last and drops the first.
        yield Fault(
            *(kind, 'a key twice'),
            lambda d: d.replace(b'{', b'{"again": 1, "again": 1, ', 1),
            'again',
        )
    for kind in ('bank', 'exclude'):
        for text in ID_TEXTS:
            yield Fault(kind, f'id {text[:9]!r}', _with_id(text), 'id')
    yield Fault('annotations', 'twice', _twice('images'), 'id')
    yield Fault('annotations', 'twice', _twice('annotations'), 'id')
    yield Fault('own coco', 'twice', _twice('images'), 'id')
    yield Fault('volumes', 'twice', _twice('volumes'), 'name')


def _with_id(text):
    """Another key of `images` than "1"."""
    key = json.dumps(text).encode()
    return lambda data: data.replace(b'"1":', key + b':')


def _field(place):
    """The last word of a place that is no index and no id."""
    if place == 'images.1':
        return 'image 1'
    words = [word for word in place.split('.') if not word.isdecimal()]
    return words[-1]


def _setter(place, value):
    """Set what lies at 'images.0.id', or remove it."""

    def spoil(data):
        document = json.loads(data)
        inside = document
        *way, last = [
            int(word) if word.isdecimal() else word
            for word in place.split('.')
        ]
        for word in way:
            inside = inside[word if isinstance(inside, list) else str(word)]
        last = last if isinstance(inside, list) else str(last)
        if value is MISSING:
            del inside[last]
        else:
            inside[last] = value
        return json.dumps(document).encode()

    return spoil


def _twice(key):
    def spoil(data):
        document = json.loads(data)
        document[key].append(document[key][0])
        return json.dumps(document).encode()

    return spoil


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


def _of_csv():
    for kind, columns in COLUMNS.items():
        for column in columns:
            for text in BAD_TEXT:
                if column == 'score' and text in ('1e300',):
                    continue
                yield _cell(kind, column, text)
        yield Fault(kind, 'a column twice', _column_twice, _columns(kind)[0])
        yield Fault(kind, 'semicolons', lambda d: d.replace(b',', b';'))
        yield Fault(kind, 'no header', lambda d: d.split(b'\n', 1)[1])
        yield Fault(
            kind, 'utf-16', lambda d: d.decode().encode('utf-16'), 'UTF-8'
        )
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
    return good.TABLES[kind]


def _cell(kind, column, text):
    def spoil(data):
        columns, rows = _rows(kind)
        return good.to_csv(columns, [{**rows[0], column: text}])

    return Fault(kind, f'{column} {text[:20]!r}', spoil, column.rstrip('_'))


def _swapped(one, other):
    """The header's names, not the values."""

    def spoil(data):
        columns, rows = good.TABLES['DL_info']
        names = {one: other, other: one}
        _, body = good.to_csv(columns, rows).split(b'\n', 1)
        swapped = ','.join(names.get(c, c) for c in columns)
        return swapped.encode() + b'\n' + body

    return spoil


REVIEW = (
    b'number,image_id,file_name,x1,y1,x2,y2,score,mask_iou,spared,verdict\n'
    b'1,1,000001_01_01/005.png,2,3,10,9,0.9,0.1,0,lesion\n'
)


def _of_texts():
    for name, text in {
        'five words': b'0 0.5 0.5 0.2 0.2\n',
        'seven words': b'0 0.5 0.5 0.2 0.2 0.9 1\n',
        'pixels': b'0 250 250 20 20 0.9\n',
        'nan': b'0 nan 0.5 0.2 0.2 0.9\n',
        'text': b'0 x 0.5 0.2 0.2 0.9\n',
    }.items():
        yield Fault('yolo', name, lambda data, text=text: text)
