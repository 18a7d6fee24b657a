"""Ways to spoil JSON files, by their fields."""

import json
import math

from tests.faults.spoiling.fault import Fault

MISSING = object()
NAN, INF = math.nan, math.inf
HUGE = 10**400
DEEP = '[' * 100_000 + ']' * 100_000


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
        'images.1.0.ignored': ('flag',),
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
    'fusion': {
        'format': ('text',),
        'method': ('text',),
        'iou_thr': ('number',),
        'scores': ('text',),
        'detectors': ('list',),
        'detectors.0.name': ('text',),
        'detectors.0.weight': ('number',),
        'detectors.1.score_map': ('object',),
        'detectors.1.score_map.scores': ('list',),
        'detectors.1.score_map.values': ('list',),
        'detectors.1.score_map.values.0': ('one number',),
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
    ('bank', 'images.1.0.ignored', 'missing'),
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


def faults_of_json():
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
