"""Which images published rows may stand beside."""

import numpy as np
import pytest

from mmuldor.evaluation.comparison import official_split
from mmuldor.evaluation.comparison.official_split import (
    difference,
    literature_beside,
)
from mmuldor.evaluation.ground_truth import GroundTruth, patients_of
from tests.support.published import lesions_of_test_split

NAMES = ('000001_01_01/109.png', '000002_01_01/005.png')
# printf '000001_01_01/109.png\\n000002_01_01/005.png' | sha256sum
DIGEST = '9cfcfbf774d1b197a26acd16c7f41ba5b833d043277f82c07057a010ec3ab853'


def document_of(rows, **more):
    """Of rows of image name, box and whether the lesion is noisy."""
    ids, lesions = {}, []
    for name, (x1, y1, x2, y2), noisy in rows:
        image = ids.setdefault(name, len(ids) + 1)
        lesion = {'id': len(lesions) + 1, 'image_id': image, 'category_id': 1}
        box = [x1, y1, x2 - x1, y2 - y1]
        lesions.append({**lesion, 'bbox': box, 'noisy': noisy})
    images = [{'id': image, 'file_name': name} for name, image in ids.items()]
    return {'images': images, 'annotations': lesions, **more}


def difference_of(document):
    return difference(document, GroundTruth.of(document, 'a.json'))


@pytest.fixture
def small(monkeypatch):
    """An official split of two images with a lesion each."""
    monkeypatch.setattr(official_split, 'IMAGES', 2)
    monkeypatch.setattr(official_split, 'LESIONS', 2)
    monkeypatch.setattr(official_split, 'DIGEST', DIGEST)
    return document_of([(name, [0, 0, 9, 9], False) for name in NAMES])


def test_the_real_split(real_data):
    rows = list(lesions_of_test_split(real_data))
    document = document_of(rows)
    assert difference_of(document) == ''
    truth = GroundTruth.of(document, 'a.json')
    assert len(np.unique(patients_of(document, truth))) == 663
    # As DL_info.csv has the names, in another order.
    other = document_of(
        [(n.replace('/', '_'), *row) for n, *row in rows[::-1]]
    )
    assert difference_of(other) == ''
    # A file that does not say which lesions are noisy.
    kept = document_of([(name, box, False) for name, box, _ in rows])
    assert difference_of(kept) == (
        '4,831 images (as many as with the noisy lesions), 4,927 lesions'
    )
    # Every tenth image.
    few = {image['id'] for image in document['images'][::10]}
    assert literature_beside(['all'], document, truth).rows
    part = truth.select(few)
    assert difference(document, part).startswith(f'{len(part.images)} images')
    assert literature_beside(['all'], document, part).rows == []


@pytest.mark.parametrize('detector', ['3dce_3slice', 'mulan_a', 'mulan_b'])
def test_published_detections_are_of_the_split(real_data, detector):
    end = 'test_detections' if detector == '3dce_3slice' else 'test'
    path = real_data / 'froc' / f'{detector}_{end}.npz'
    names = np.load(path, allow_pickle=False)['names'].tolist()
    assert official_split.digest(names) == official_split.DIGEST
    assert len(names) == official_split.IMAGES


def test_the_validation_split_is_none(real_data):
    stored = np.load(
        real_data / 'froc' / 'mulan_a_val.npz', allow_pickle=False
    )
    names = np.repeat(stored['names'], stored['gt_counts']).tolist()
    document = document_of([(name, [0, 0, 9, 9], False) for name in names])
    assert difference_of(document) == '4,791 images, 4,887 lesions'


@pytest.mark.usefixtures('small')
@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        (NAMES, ''),
        (NAMES[:1], '1 image, 1 lesion'),
        ((NAMES[0], '000002_01_01/006.png'), '2 other images'),
        (('1.png', '2.png'), "2 images without names of DeepLesion's slices"),
        (
            (NAMES[0], '2.png'),
            "2 images, 1 of them with names of DeepLesion's slices",
        ),
        ((*NAMES, NAMES[0]), '3 lesions'),
    ],
)
def test_what_differs(names, expected):
    rows = [(name, [0, 0, 9, 9], False) for name in names]
    assert difference_of(document_of(rows)) == expected


def test_ignored_regions_differ(small):
    crowd = {**small['annotations'][0], 'id': 3, 'iscrowd': 1}
    small['annotations'].append(crowd)
    assert difference_of(small) == '1 ignored region (iscrowd)'


def test_a_stated_split_is_named(small):
    del small['images'][1], small['annotations'][1]
    small['info'] = {'dataset': 'mini', 'split': 'val'}
    assert difference_of(small) == (
        "1 image, 1 lesion (dataset 'mini', split 'val')"
    )
    # A converted phantom calls itself DeepLesion.
    small['info'] = {'dataset': 'DeepLesion', 'split': 3}
    assert difference_of(small) == '1 image, 1 lesion'


def test_rows_beside_the_split(small):
    truth = GroundTruth.of(small, 'a.json')
    found = literature_beside(['vgg16', 'ln-detr'], small, truth)
    assert [row.key for row in found.rows] == ['vgg16', 'ln-detr']
    assert found.note.startswith('Published rows are of the same images: ')
    # LN-DETR published a mean alone.
    assert list(found.points.values()) == [{5.0: 81.1}]
    assert found.as_dict() == {
        'rows': ['vgg16', 'ln-detr'],
        'official_test_split': True,
        'differs': None,
        'note': found.note,
    }
    assert literature_beside(['none'], small, truth).note == ''
    with pytest.raises(ValueError, match=r"got 'yolo'"):
        literature_beside(['yolo'], small, truth)


def test_rows_beside_other_images(small):
    del small['images'][1], small['annotations'][1]
    truth = GroundTruth.of(small, 'a.json')
    left_out = literature_beside(['uldor'], small, truth)
    assert (left_out.rows, left_out.points) == ([], {})
    assert 'these results are of 1 image, 1 lesion. `--published-anyway` ' in (
        left_out.note
    )
    shown = literature_beside(['uldor'], small, truth, anyway=True)
    assert [row.key for row in shown.rows] == ['uldor']
    assert shown.note.startswith('Published rows are not comparable ')
    assert shown.note.endswith('the others of 1 image, 1 lesion.')
    assert shown.as_dict()['official_test_split'] is False
