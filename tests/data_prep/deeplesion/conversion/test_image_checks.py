from __future__ import annotations

import cv2
import numpy as np
import pytest

from data_prep.deeplesion_to_coco import main
from mmuldor.io.png import write_png16


def test_images_may_be_named_by_their_parent(full_place):
    counts = full_place.convert(images=full_place.csv.parent)['counts']
    assert counts['rows'] == 4


def test_images_in_two_places(full_place):
    (full_place.csv.parent / '000001_01_01').mkdir()
    full_place.fails(
        ValueError, 'both hold some', images=full_place.csv.parent
    )


def test_no_image_folder(place):
    place.fails(FileNotFoundError, '`--images` must be an existing folder')


def test_images_are_needed_unless_kept(place):
    with pytest.raises(ValueError, match='`--images` must be given unless'):
        main(['--csv', str(place.csv), '--out', str(place.out)])
    assert not place.out.exists()


def test_missing_images_stop_by_default(place, rows):
    place.write_images(rows[:1])
    place.fails(
        FileNotFoundError,
        r'2 of 3 key slices are missing in .*: 000002_01_01/005\.png, '
        r'000003_01_01/005\.png\. .*`--missing-images skip`.*keep`',
    )


def test_missing_images_skipped(place, rows):
    place.write_images(rows[:1])
    report = place.convert('--missing-images', 'skip')
    assert report['counts']['kept'] == {'train': 2, 'val': 0, 'test': 0}
    assert [
        (entry['row'], entry['file_name'], entry['reason'])
        for entry in report['dropped']
    ] == [
        (3, '000002_01_01_005.png', 'image_missing'),
        (4, '000003_01_01_005.png', 'image_missing'),
    ]
    assert place.load('test')['annotations'] == []


def test_missing_images_kept_are_counted_by_image(place, rows):
    place.write_images(rows[2:3])
    report = place.convert('--missing-images', 'keep')
    assert report['counts']['kept'] == {'train': 2, 'val': 1, 'test': 1}
    assert report['counts']['notes'] == {'image_missing': 2}
    # Ids do not depend on what is there.
    assert place.load('test')['images'][0]['id'] == 3


def test_nothing_left_is_an_error(place):
    place.images.mkdir()
    place.fails(ValueError, 'no row is left of 4', '--missing-images', 'skip')


def damage_size(path):
    write_png16(path, np.zeros((64, 48), np.uint16))


def damage_tail(path):
    path.write_bytes(path.read_bytes()[:-5])


def damage_depth(path):
    cv2.imwrite(str(path), np.zeros((48, 64), np.uint8))


@pytest.mark.parametrize('number', [5, 6])
@pytest.mark.parametrize(
    ('damage', 'found'),
    [
        (damage_size, 'must be 48 high and 64 wide, but it is 64 high'),
        (damage_tail, 'must be a complete PNG, but it is truncated'),
        (damage_depth, 'must be a 16-bit grey PNG, but it is 8-bit grey'),
    ],
)
def test_damaged_images(number, damage, found, full_place):
    """Of a key slice or of the neighbour that is read with it."""
    damage(full_place.images / '000002_01_01' / f'{number:03d}.png')
    full_place.fails(ValueError, rf'000002_01_01.00{number}\.png {found}')
    full_place.fails(ValueError, found, '--missing-images', 'keep')
    report = full_place.convert('--missing-images', 'skip')
    entry = full_place.only(report, 'dropped')
    assert (entry['row'], entry['reason']) == (3, 'image_unfit')
    assert found in entry['detail']


def test_missing_neighbours_are_noted(place, rows):
    place.write_images(rows, neighbours=(6,))
    report = place.convert()
    assert report['counts']['notes'] == {'neighbour_slice_missing': 3}
    assert report['notes'][0]['detail'] == 'not on the disk: 4'
    report = place.convert('--neighbours', '9')
    # The range is 3 to 8; 5 and 6 are there.
    assert report['notes'][0]['detail'] == 'not on the disk: 3, 4, 7, 8'
    assert place.convert('--neighbours', '0')['notes'] == []
