"""Volumes and the boxes of their lesions, read from volumes.json."""

import copy
import json

import numpy as np
import pytest

from mmuldor.io.volume_annotations import VolumeGrid, load_volumes

GOOD = {
    'volumes': [
        {
            'name': 'one',
            'split': 'test',
            'file': 'images/one.nii.gz',
            'shape': [4, 6, 8],
            'spacing_mm': [0.5, 0.5, 2.0],
            'affine_lps': np.diag([0.5, 0.5, 2.0, 1.0]).tolist(),
            'lesions': [{'box_mm': [0, 0, 0, 1, 2, 4]}],
        },
        {
            'name': 'two',
            'split': 'val',
            'shape': [4, 6, 8],
            'spacing_mm': [0.5, 0.5, 2.0],
            'lesions': [],
        },
    ]
}


@pytest.fixture
def load(tmp_path):
    def write_and_load(document, split='all'):
        path = tmp_path / 'volumes.json'
        path.write_text(json.dumps(document))
        return load_volumes(path, split)

    return write_and_load


def test_the_volumes_of_a_split(load):
    one, two = load(GOOD)
    assert (one.name, one.split, one.file) == (
        'one',
        'test',
        'images/one.nii.gz',
    )
    assert one.grid.shape == (4, 6, 8)
    assert one.boxes_mm.tolist() == [[0, 0, 0, 1, 2, 4]]
    assert (two.file, two.grid.affine, len(two.boxes_mm)) == ('', None, 0)
    assert [volume.name for volume in load(GOOD, 'val')] == ['two']


def test_mm_along_the_axes_become_patient_coordinates():
    affine = np.array(
        [[0, -0.5, 0, 10], [0.5, 0, 0, 20], [0, 0, 2, 30], [0, 0, 0, 1]]
    )
    entry = {
        'shape': [4, 6, 8],
        'spacing_mm': [0.5, 0.5, 2.0],
        'affine_lps': affine.tolist(),
    }
    to_patient = VolumeGrid.of(entry, 'x').to_patient()
    # Columns run to the back, rows to the right, slices to the head.
    assert (to_patient @ [3, 4, 5, 1]).tolist() == [6, 23, 35, 1]


@pytest.mark.parametrize(
    ('key', 'value', 'match'),
    [
        ('name', '', r'volumes\[0\]: `name` must be a text'),
        ('split', 1, r'volumes\[0\]: `split` must be a text'),
        ('shape', [4, 6], r"volume 'one': `shape` must be 3 finite numbers"),
        ('shape', [4, 6, 0], r"volume 'one': `shape` and .* positive"),
        ('shape', [4, 6, 1.5], r'`shape` must be whole numbers of at most'),
        ('shape', [10**4] * 3, r'`shape` must be whole numbers of at most'),
        ('spacing_mm', [1, 1, -1], r'`spacing_mm` must be positive'),
        ('affine_lps', np.zeros((4, 4)).tolist(), r'can be inverted'),
        ('lesions', {}, r'`lesions` must be a list of objects'),
        ('lesions', [{'box_mm': [1, 2]}], r'lesions\[0\]: `box_mm` must be 6'),
        ('lesions', [{'box_mm': [1, 0, 0, 0, 1, 1]}], r"volume 'one': `box_"),
    ],
)
def test_a_wrong_value_names_volume_and_key(load, key, value, match):
    document = copy.deepcopy(GOOD)
    document['volumes'][0][key] = value
    with pytest.raises(ValueError, match=match):
        load(document)


@pytest.mark.parametrize('document', [[], {}, {'volumes': {}}])
def test_what_holds_no_volumes(load, document):
    with pytest.raises(ValueError, match='an object with a list `volumes`'):
        load(document)


def test_names_differ_and_a_split_has_volumes(load):
    with pytest.raises(ValueError, match='but has those of test, val'):
        load(GOOD, 'train')
    with pytest.raises(ValueError, match="'two' comes twice"):
        load({'volumes': [*GOOD['volumes'], GOOD['volumes'][1]]})


def test_no_file_names_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match='volumes_to_coco'):
        load_volumes(tmp_path / 'x.json')
