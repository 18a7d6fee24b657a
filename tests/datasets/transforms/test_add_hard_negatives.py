import json

import pytest

from mmuldor.datasets.transforms import AddHardNegatives
from tests.support.instances import one_lesion


def bank_of(folder, name, score, fingerprint='abc'):
    bank = {
        'version': 1,
        'ann_file': 'train.json',
        'fingerprint': fingerprint,
        'epoch': 0,
        'images': {
            '7': [
                {
                    'bbox': [1.0, 2.0, 3.0, 4.0],
                    'score': score,
                    'mask_iou': 0.0,
                    'polygons': [[1.0, 2.0, 4.0, 2.0, 4.0, 6.0]],
                }
            ]
        },
    }
    (folder / name).write_text(json.dumps(bank))
    return folder / name


def added(transform, img_id=7, **more):
    results = {'img_id': img_id, 'instances': one_lesion(), **more}
    return transform.transform(results)['instances'][1:]


def test_without_a_bank_nothing_is_added():
    assert added(AddHardNegatives()) == []


def test_a_fixed_bank_adds_its_examples_half_a_pixel_on(tmp_path):
    transform = AddHardNegatives(bank_of(tmp_path, 'bank.json', 0.9))
    (instance,) = added(transform)
    assert instance['bbox'] == [1.5, 2.5, 4.5, 6.5]
    assert instance['bbox_label'] == 1
    assert instance['mask'][0].tolist() == [1.5, 2.5, 4.5, 2.5, 4.5, 6.5]
    assert added(transform, img_id=8) == []


@pytest.mark.parametrize(
    ('crop', 'box'),
    [
        ((1, 2, 9, 9), [0.5, 0.5, 3.5, 4.5]),
        # Cut at its right side.
        ((0, 0, 4, 9), [1.5, 2.5, 4.0, 6.5]),
        # Half a pixel is inside.
        ((4, 0, 9, 9), None),
    ],
)
def test_banks_are_of_whole_slices(tmp_path, crop, box):
    transform = AddHardNegatives(bank_of(tmp_path, 'bank.json', 0.9))
    found = added(transform, crop_bbox=crop)
    assert [i['bbox'] for i in found] == [box] * (box is not None)
    for instance in found:
        x, y = crop[:2]
        expected = [1.5 - x, 2.5 - y, 4.5 - x, 2.5 - y, 4.5 - x, 6.5 - y]
        assert instance['mask'][0].tolist() == expected


def test_an_ignored_example_of_a_bank_is_an_ignored_region(tmp_path):
    path = bank_of(tmp_path, 'bank.json', 0.9)
    bank = json.loads(path.read_text())
    assert added(AddHardNegatives(path))[0]['ignore_flag'] == 0
    bank['images']['7'][0]['ignored'] = True
    path.write_text(json.dumps(bank))
    assert added(AddHardNegatives(path))[0]['ignore_flag'] == 1


def test_a_fixed_bank_of_other_images_is_refused(tmp_path):
    transform = AddHardNegatives(bank_of(tmp_path, 'bank.json', 0.9))
    classes = ('lesion', 'false_positive')
    transform.check('abc', classes)
    with pytest.raises(ValueError, match='mined on other images'):
        transform.check('def', classes)
    with pytest.raises(ValueError, match=r"the classes \('lesion',\)"):
        transform.check('abc', ('lesion',))


def test_the_banks_of_an_image_are_used(tmp_path):
    first = bank_of(tmp_path, 'epoch_000.json', 0.9)
    second = bank_of(tmp_path, 'epoch_001.json', 0.8)
    transform = AddHardNegatives(label=2)
    for banks in ([], [first], [first, second], [second], []):
        found = added(transform, hard_negative_banks=banks)
        assert [i['bbox_label'] for i in found] == [2] * len(banks)


def test_banks_are_read_when_others_are_named(tmp_path):
    first = bank_of(tmp_path, 'epoch_000.json', 0.9)
    second = bank_of(tmp_path, 'epoch_001.json', 0.8)
    transform = AddHardNegatives()
    assert len(added(transform, hard_negative_banks=[first])) == 1
    first.unlink()
    assert len(added(transform, hard_negative_banks=[first])) == 1
    assert added(transform, 8, hard_negative_banks=[first]) == []
    assert len(added(transform, hard_negative_banks=[second])) == 1
    with pytest.raises(FileNotFoundError, match=r'epoch_000\.json'):
        added(transform, hard_negative_banks=[first])


def test_a_fixed_bank_is_used_throughout(tmp_path):
    fixed = bank_of(tmp_path, 'bank.json', 0.9)
    other = tmp_path / 'epoch_000.json'
    found = added(AddHardNegatives(fixed), hard_negative_banks=[other])
    assert len(found) == 1


def test_a_bank_of_other_images_is_refused_in_training(tmp_path):
    bank = bank_of(tmp_path, 'epoch_000.json', 0.9, fingerprint='def')
    transform = AddHardNegatives()
    transform.check('abc', ('lesion', 'false_positive'))
    with pytest.raises(ValueError, match='mined on other images'):
        added(transform, hard_negative_banks=[bank])


@pytest.mark.parametrize('label', [0, -1, 1.0, True])
def test_wrong_label(label):
    with pytest.raises(ValueError, match='`label` must be an int'):
        AddHardNegatives(label=label)
