from __future__ import annotations

import copy
import json

import pytest

from mmuldor.io.annotations import load_annotations
from tests.support.entries import image_entry, lesion_entry

GOOD = {
    'info': {'dataset': 'DeepLesion'},
    'categories': [{'id': 1, 'name': 'lesion'}],
    'images': [
        image_entry(
            *(number, 512),
            file_name=f'000001_01_01/{key_slice}.png',
            spacing_mm=[0.5, 0.5],
            slice_interval_mm=5.0,
            key_slice=key_slice,
            slice_range=[103, 115],
            patient=1,
        )
        for number, key_slice in ((7, 109), (9, 110))
    ],
    'annotations': [
        lesion_entry(
            *(number, [10.0, 20.0, 18.0, 16.0]),
            [15.0, 28.0, 23.0, 28.0, 19.0, 25.0, 19.0, 31.0],
            image_id=7,
            area=288.0,
            iscrowd=0,
            lesion_type=lesion_type,
            noisy=noisy,
        )
        for number, lesion_type, noisy in ((12, 3, False), (13, -1, True))
    ],
}
ZERO_LENGTH = [15.0, 28.0, 15.0, 28.0, 19.0, 25.0, 19.0, 31.0]


@pytest.fixture
def load(tmp_path):
    """Writes a document and loads it again."""

    def write_and_load(document, **options):
        path = tmp_path / 'train.json'
        path.write_text(json.dumps(document))
        return load_annotations(path, **options)

    return write_and_load


def changed(group: str, key: str, value) -> dict:
    document = copy.deepcopy(GOOD)
    document[group][-1][key] = value
    return document


def test_a_good_file_comes_back_unchanged(load):
    assert load(GOOD) == GOOD
    assert load({'images': [], 'annotations': []})['images'] == []


def test_missing_file_names_the_command(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r'`ann_file`.*x\.json.*deeplesion_to_coco'
    ):
        load_annotations(tmp_path / 'x.json')


@pytest.mark.parametrize('document', [[], 'text', None])
def test_not_an_object(document, load):
    with pytest.raises(ValueError, match=r'train\.json must hold a JSON obj'):
        load(document)


@pytest.mark.parametrize('group', ['images', 'annotations'])
@pytest.mark.parametrize('value', [None, {}, [1], 'a'])
def test_groups_are_lists_of_objects(group, value, load):
    with pytest.raises(ValueError, match=f'`{group}` must be a list'):
        load({**GOOD, group: value})


WRONG = [
    ('images', 'file_name', ''),
    ('images', 'file_name', 3),
    ('images', 'height', 0),
    ('images', 'height', 512.0),
    ('images', 'width', True),
    ('images', 'spacing_mm', [0.5]),
    ('images', 'spacing_mm', [0.5, 0.0]),
    ('images', 'slice_interval_mm', -5.0),
    ('images', 'slice_interval_mm', '5'),
    ('images', 'key_slice', 116),
    ('images', 'key_slice', 109.5),
    ('images', 'slice_range', [115, 103]),
    ('images', 'slice_range', 103),
    ('images', 'patient', '1'),
    ('images', 'window_hu', [275.0, -175.0]),
    ('annotations', 'image_id', '7'),
    ('annotations', 'category_id', 2),
    ('annotations', 'bbox', [1.0, 2.0, 3.0]),
    ('annotations', 'bbox', [1.0, 2.0, 3.0, 0.0]),
    ('annotations', 'bbox', [1.0, 2.0, 3.0, float('nan')]),
    ('annotations', 'bbox', [1.0, 2.0, float('inf'), 1.0]),
    ('annotations', 'recist_px', [1.0] * 7),
    ('annotations', 'recist_px', [None] * 8),
    ('annotations', 'recist_px', ZERO_LENGTH),
    ('annotations', 'lesion_type', 1.5),
    ('annotations', 'noisy', 0),
]


@pytest.mark.parametrize(('group', 'key', 'value'), WRONG)
def test_a_wrong_value_names_file_id_and_key(group, key, value, load):
    number = GOOD[group][-1]['id']
    with pytest.raises(
        ValueError, match=rf'train\.json: {group} id {number}: `{key}` must'
    ):
        load(changed(group, key, value))


@pytest.mark.parametrize(
    ('group', 'key'), sorted({(group, key) for group, key, _ in WRONG})
)
def test_a_missing_key_is_named(group, key, load):
    document = copy.deepcopy(GOOD)
    del document[group][-1][key]
    with pytest.raises(ValueError, match=f'`{key}` must be .* got nothing'):
        load(document)


@pytest.mark.parametrize('group', ['images', 'annotations'])
@pytest.mark.parametrize('value', [None, 'a', -1, 1.0, True])
def test_ids_are_integers(group, value, load):
    with pytest.raises(ValueError, match=rf'{group}\[1\]: `id` must be'):
        load(changed(group, 'id', value))


@pytest.mark.parametrize(
    ('group', 'key', 'value'),
    [
        ('images', 'id', 7),
        ('annotations', 'id', 12),
        ('images', 'file_name', '000001_01_01/109.png'),
    ],
)
def test_unique_keys(group, key, value, load):
    with pytest.raises(ValueError, match=f'`{key}` must be unique, but'):
        load(changed(group, key, value))


def test_an_annotation_needs_its_image(load):
    with pytest.raises(
        ValueError, match=r'id 13: `image_id` must be the id of an image.*99'
    ):
        load(changed('annotations', 'image_id', 99))


def test_boxes_only_reads_plain_coco(load):
    document = {
        'images': [{'id': 7}],
        'annotations': [
            {'id': 1, 'image_id': 7, 'category_id': 1, 'bbox': [0, 0, 2, 2]}
        ],
    }
    assert load(document, boxes_only=True) == document
    with pytest.raises(ValueError, match='`file_name` must be a name'):
        load(document)
    document['annotations'][0]['bbox'] = [0, 0, -2, 2]
    with pytest.raises(ValueError, match='annotations id 1: `bbox`'):
        load(document, boxes_only=True)


@pytest.mark.parametrize(
    ('group', 'key', 'value'),
    [
        ('annotations', 'noisy', 'false'),
        ('annotations', 'noisy', 1),
        ('images', 'patient', [1]),
        ('images', 'patient', None),
    ],
)
def test_boxes_only_checks_what_an_evaluation_may_use(load, group, key, value):
    document = copy.deepcopy(GOOD)
    document[group][0][key] = value
    with pytest.raises(ValueError, match=f'{group} id .*`{key}` must be'):
        load(document, boxes_only=True)


def test_a_file_of_other_origin_is_told_how_to_become_ours(tmp_path):
    """Of a report or a training, which need more than boxes."""
    path = tmp_path / 'coco.json'
    image = {'id': 1, 'file_name': 'a.png', 'height': 9, 'width': 9}
    path.write_text(json.dumps({'images': [image], 'annotations': []}))
    match = (
        r'`spacing_mm` must .* nothing\. A COCO .* data_prep/slices_to_coco'
    )
    with pytest.raises(ValueError, match=match):
        load_annotations(path)
    # A value that is wrong is no sign of another origin.
    image['spacing_mm'] = [0, 0]
    path.write_text(json.dumps({'images': [image], 'annotations': []}))
    with pytest.raises(ValueError, match=r'got \[0, 0\]\.$'):
        load_annotations(path)
