import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from data_prep.slices_to_coco import main
from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import box_polygon, ellipse_polygon
from mmuldor.io.annotations import load_annotations
from mmuldor.io.png import read_png16
from mmuldor.report.phantom_truth import load_outlines
from tests.data_prep.own_data.png_slices import SIZE, Place, lesion_and_hu


@pytest.fixture
def pixels():
    return lesion_and_hu()


@pytest.fixture
def place(tmp_path, pixels):
    place = Place(tmp_path, pixels[0])
    place.image('b/007.png')
    return place


def test_a_box_alone(place):
    place.lesion()
    document = place.convert()
    (lesion,) = document['annotations']
    # COCO counts from the pixel's edge: columns 20 to 35 are 20 to 36.
    assert lesion['bbox'] == [19.5, 9.5, 16, 11]
    assert (lesion['category_id'], lesion['id']) == (1, 1)
    assert lesion['recist_from'] == 'box'
    # 11 px of 0.8 mm are longer than 16 of 0.5.
    ends = np.reshape(lesion['recist_px'], (4, 2))
    assert ends.tolist() == [[27.5, 9.5], [27.5, 20.5], [19.5, 15], [35.5, 15]]
    box = rasterize(box_polygon(ends), *SIZE)
    assert np.argwhere(box).min(0).tolist() == [10, 20]
    assert box.sum() == 16 * 11
    oval = rasterize(ellipse_polygon(ends), *SIZE)
    assert oval.sum() == pytest.approx(np.pi / 4 * 16 * 11, rel=0.03)
    (image,) = document['images']
    assert image['file_name'] == 'b/007.png'
    assert image['spacing_mm'] == [0.5, 0.8]
    assert image['slice_interval_mm'] == 3
    assert (image['key_slice'], image['slice_range']) == (7, [7, 7])
    assert not (place.folder / 'out' / 'truth.json').exists()


@pytest.mark.parametrize('kind', ['polygon', 'rle', 'counts'])
def test_a_mask_gives_the_diameters(place, pixels, kind):
    mask = pixels[1]
    if kind == 'polygon':
        # Around the pixels' borders, the missing corner cut out.
        segmentation = [
            [21, 10, 36, 10, 36, 21, 20, 21, 20, 11, 21, 11],
        ]
    elif kind == 'rle':
        rle = coco_mask.encode(np.asfortranarray(mask, np.uint8))
        segmentation = {**rle, 'counts': rle['counts'].decode()}
    else:
        flat = mask.T.ravel()
        edges = np.flatnonzero(np.diff(np.r_[False, flat]))
        counts = np.diff(np.r_[0, edges, flat.size]).tolist()
        segmentation = {'size': list(SIZE), 'counts': counts}
    place.lesion(segmentation=segmentation)
    document = place.convert()
    (lesion,) = document['annotations']
    assert lesion['recist_from'] == 'mask'
    ends = np.reshape(lesion['recist_px'], (4, 2)) * [0.5, 0.8]
    # From the corner that is there to that across, in mm.
    assert np.hypot(*(ends[1] - ends[0])) == pytest.approx(
        np.hypot(15.75 * 0.5, 10.75 * 0.8), abs=0.01
    )
    (outline,) = load_outlines(place.folder / 'out/truth.json', document)[1]
    assert (rasterize(outline, *SIZE) == mask).all()


def test_diameters_that_are_given_come_first(place):
    given = [20, 15, 36, 15, 28, 10, 28, 20]
    place.lesion(recist_px=given, segmentation=[[0, 0, 5, 0, 5, 5]])
    (lesion,) = place.convert('--offset-px', 1)['annotations']
    assert lesion['recist_px'] == [v - 1 for v in given]
    assert lesion['bbox'] == [19, 9, 16, 11]


def test_slices_beside_come_along(place, pixels):
    for number in (4, 6, 8, 9, 12):
        place.image(f'b/{number:03d}.png', listed=False)
    place.image('lone.png')
    place.image('deep/down/3.png', spacing_mm=[1, 2], slice_interval_mm=4)
    place.lesion(image=0)
    place.lesion(image=2)
    document = place.convert('--neighbours', 3)
    found = {i['file_name']: i for i in document['images']}
    assert sorted(found) == ['b/007.png', 'deep_down/003.png', 'lone/001.png']
    assert found['b/007.png']['slice_range'] == [6, 9]
    assert found['deep_down/003.png']['spacing_mm'] == [1, 2]
    assert found['deep_down/003.png']['slice_interval_mm'] == 4
    out = place.folder / 'out' / 'Images_png'
    names = sorted(path.name for path in (out / 'b').iterdir())
    assert names == [f'{n:03d}.png' for n in (4, 6, 7, 8, 9)]
    hu = stored_to_hu(read_png16(out / 'lone' / '001.png'))
    assert (hu == pixels[0]).all()
    # An image without lesions stays: its detections are false positives.
    assert {a['image_id'] for a in document['annotations']} == {1, 3}


def test_three_files_are_the_splits(place):
    names = {}
    for k, split in enumerate(('train', 'val', 'test')):
        place.images, place.annotations = [], []
        place.image(f'p{k}/001.png')
        place.image(f'p{k}/002.png', patient=k)
        place.lesion()
        names[split] = place.folder / f'{split}.json'
        content = {'images': place.images, 'annotations': place.annotations}
        names[split].write_text(json.dumps(content))
    words = (
        *('--images', place.folder / 'png', '--coco', *names.values()),
        *('--out', place.folder / 'out', '--spacing', 1, 1, 1),
        *('--hu-offset', -1024),
    )
    main([str(word) for word in words])
    for k, split in enumerate(names):
        document = load_annotations(place.folder / 'out' / f'{split}.json')
        assert [i['file_name'] for i in document['images']] == [
            f'p{k}/001.png',
            f'p{k}/002.png',
        ]
    # The same patient in two.
    content = json.loads(names['val'].read_text())
    content['images'][1]['patient'] = 0
    names['val'].write_text(json.dumps(content))
    (place.folder / 'out').rename(place.folder / 'first')
    with pytest.raises(ValueError, match=r"patient '0' must be in one split"):
        main([str(word) for word in words])


def test_patients_table(place):
    place.lesion()
    place.image('x.png')
    place.lesion()
    table = place.folder / 'p.csv'
    table.write_text('file,patient\nb/007.png,P2\nx,P1\n')
    document = place.convert('--patients', table)
    assert [i['patient'] for i in document['images']] == [2, 1]


def test_wrong_units(place, capsys):
    place.lesion()
    with pytest.raises(ValueError, match=r'007\.png must hold.*`--hu-slope`'):
        place.convert(hu_offset=0)
    # Half the contrast: nothing is as light as lung.
    place.convert('--hu-slope', 0.4, hu_offset=-410)
    said = capsys.readouterr().err
    assert 'b/007.png: its values go from -40' in said
    assert '`--hu-slope` and `--hu-offset`' in said


def test_wrong_units_that_a_user_accepts(place, capsys):
    place.lesion()
    place.convert('--accept-values', hu_offset=-31744)
    assert 'accepted as HU, as requested' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('entry', 'match'),
    [
        ({'bbox': [1, 2, 0, 4]}, r'annotations id 500: `bbox` must be x y w'),
        ({'bbox': [1, 2, 3]}, r'`bbox` must be 4 finite numbers'),
        ({'bbox': [900, 2, 3, 3]}, r'lie on its image of 60 x 40 px'),
        # The corners 30 20 50 38: they would end at 80, 20 px outside.
        ({'bbox': [30, 20, 50, 38]}, r'Is it x1 y1 x2 y2\? COCO has x y w h'),
        ({'bbox': [0.5, 0.4, 0.2, 0.1]}, r'Multiply shares of the image'),
        (
            {'segmentation': [[50, 30, 58, 30, 58, 38, 50, 38]]},
            r'must lie in `bbox`, .* x y \[50 30\] to \[57 37\]',
        ),
        ({'segmentation': [[1, 2, 3]]}, r'must be COCO polygons or a run'),
        ({'segmentation': {'size': [4, 4], 'counts': [16]}}, r'of 40 x 60'),
        ({'recist_px': [1, 1, 1, 1, 2, 2, 3, 3]}, r'id 500: a diameter must'),
        ({'image_id': 7}, r'id 500: `image_id` must be the id of an image'),
    ],
)
def test_wrong_annotations(place, entry, match):
    place.lesion(**entry)
    with pytest.raises(ValueError, match=rf'boxes\.json: .*{match}'):
        place.convert()
    assert not (place.folder / 'out').exists()


@pytest.mark.parametrize(
    ('entry', 'match'),
    [
        ({'file_name': '../x.png'}, r'`file_name` must be a name inside'),
        ({'file_name': '/b/007.png'}, r'`file_name` must be a name inside'),
        ({'file_name': 'no.png'}, r'no\.png'),
        ({'height': 512}, r'`height` must be that of .*, 40, but got 512'),
        ({'spacing_mm': [0, 1]}, r'needs `spacing_mm`.*\[0, 1, 3\.0\]'),
    ],
)
def test_wrong_images(place, entry, match):
    place.lesion()
    place.images[0].update(entry)
    with pytest.raises((ValueError, OSError), match=match):
        place.convert()
    assert not (place.folder / 'out').exists()


def test_twice_and_none(place):
    with pytest.raises(ValueError, match=r'must hold boxes, but have none'):
        place.convert()
    place.images.append({**place.images[0], 'id': 3})
    with pytest.raises(ValueError, match=r'every image must come once'):
        place.convert()


def test_folders_whose_names_become_one(place):
    """The neighbours of one scan's slice would be those of the other."""
    place.lesion()
    for name in ('P1/2/004.png', 'P1/2/005.png', 'P1_2/006.png'):
        place.image(name, listed='4' not in name)
    with pytest.raises(ValueError, match=r"'P1/2' and 'P1_2' both become"):
        place.convert('--series', 'yes')
    assert not (place.folder / 'out').exists()


def test_eight_bits(place):
    import cv2

    place.lesion()
    cv2.imwrite(
        str(place.folder / 'png' / 'b' / '007.png'), np.zeros(SIZE, np.uint8)
    )
    with pytest.raises(ValueError, match=r'must be a 16-bit grey PNG'):
        place.convert()
