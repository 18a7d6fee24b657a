"""The list of boxes that are not mined again."""

import numpy as np
import pytest

from mmuldor.io.json_files import write_json
from mmuldor.mining.exclude_list import exclude_list, load_exclude_list

BANK = {'fingerprint': 'f' * 64}
EXAMPLES = [
    {'image_id': 3, 'bbox': [1, 2, 3, 4]},
    {'image_id': 3, 'bbox': [5, 6, 7, 8]},
    {'image_id': 1, 'bbox': [9, 9, 1, 1]},
    {'image_id': 3, 'bbox': [0, 0, 2, 2]},
]


def test_lesions_and_unsure_ones_are_listed():
    listed = exclude_list(BANK, EXAMPLES, ['lesion', 'not', '', 'unsure'])
    assert listed == {
        'fingerprint': 'f' * 64,
        'counts': {'lesion': 1, 'not': 1, 'none': 1, 'unsure': 1},
        'images': {
            '3': [
                {'bbox': [1, 2, 3, 4], 'verdict': 'lesion'},
                {'bbox': [0, 0, 2, 2], 'verdict': 'unsure'},
            ]
        },
    }
    with pytest.raises(ValueError, match='shorter'):
        exclude_list(BANK, EXAMPLES, ['lesion'])


def test_a_list_is_read_as_corners(tmp_path):
    path = tmp_path / 'x.json'
    write_json(path, exclude_list(BANK, EXAMPLES, ['lesion'] * 4))
    boxes = load_exclude_list(path, 'f' * 64)
    assert {k: v.tolist() for k, v in boxes.items()} == {
        3: [[1, 2, 4, 6], [5, 6, 12, 14], [0, 0, 2, 2]],
        1: [[9, 9, 10, 10]],
    }
    assert boxes[1].dtype == np.float64
    # Flat boxes are boxes.
    flat = {'7': [{'bbox': [1, 2, 0, 0]}], '8': []}
    write_json(path, {'fingerprint': 'a', 'images': flat})
    boxes = load_exclude_list(path)
    assert boxes[7].tolist() == [[1, 2, 1, 2]]
    assert boxes[8].shape == (0, 4)


@pytest.mark.parametrize(
    ('document', 'message'),
    [
        (
            {'images': {}},
            'FILE must be an exclude list of `tools/review.py import`, an '
            'object with `fingerprint` and `images`, an object too.',
        ),
        (
            {'fingerprint': 'a', 'images': []},
            'FILE must be an exclude list of `tools/review.py import`, an '
            'object with `fingerprint` and `images`, an object too.',
        ),
        (
            {'fingerprint': 'a', 'images': {'-1': []}},
            'FILE must be an exclude list, whose `images` give lists with '
            "`bbox` by image ids, but '-1' has []: a key must be an id, an "
            'integer from 0.',
        ),
        (
            {'fingerprint': 'a', 'images': {'1': [{'bbox': [1, 1, 1, -1]}]}},
            'FILE must be an exclude list, whose `images` give lists with '
            "`bbox` by image ids, but '1' has [{'bbox': [1, 1, 1, -1]}]: "
            '`bbox` [1, 1, 1, -1] is no [x, y, w, h].',
        ),
        (
            {'fingerprint': 'a', 'images': {}},
            'exclude list FILE is of other images than those of this '
            'training. Review a bank of this training.',
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path, document, message):
    path = tmp_path / 'x.json'
    write_json(path, document)
    with pytest.raises(ValueError, match='exclude list') as caught:
        load_exclude_list(path, 'b')
    assert str(caught.value).replace(f"'{path}'", 'FILE') == message


def test_one_that_is_not_there_is_told_with_the_remedy(tmp_path):
    told = r'`exclude` of the HNEMHook must .*review\.py import'
    with pytest.raises(FileNotFoundError, match=told):
        load_exclude_list(tmp_path / 'x.json')
