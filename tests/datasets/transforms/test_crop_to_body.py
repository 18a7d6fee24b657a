"""Slices cropped to the body, with their lesions."""

import copy
import csv

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.logging import MMLogger
from mmengine.registry import TRANSFORMS, init_default_scope

from mmuldor.datasets.transforms import (
    CropToBody,
    LoadCTSlices,
    RecistToMask,
    WindowHU,
)
from mmuldor.io.run_length import encode_mask
from tests.support.instances import LOAD_POLYGONS

BODY = (40, 30, 100, 90)


def a_slice(*instances, body=BODY):
    """160 x 120 px of 1 mm."""
    image = np.full((120, 160, 3), -1000, np.float32)
    x1, y1, x2, y2 = body
    image[y1:y2, x1:x2] = 40
    return {
        'img': image,
        'img_shape': (120, 160),
        'ori_shape': (120, 160),
        'spacing_mm': [1.0, 1.0],
        'img_path': '000001_01_01/005.png',
        'img_id': 1,
        'instances': list(instances),
    }


def a_lesion(box=(50, 40, 70, 60), **changes):
    x1, y1, x2, y2 = box
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    lesion = {'bbox': list(box), 'bbox_label': 0, 'ignore_flag': 0}
    lesion['recist_px'] = [x1, y, x2, y, x, y1, x, y2]
    return {**lesion, **changes}


@pytest.fixture
def warnings(monkeypatch):
    said = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'warning', said.append)
    return said


def test_image_boxes_diameters_and_masks_move_together(warnings):
    lesion = a_lesion()
    lesion['mask'] = [np.array([50, 40, 70, 40, 70, 60.0])]
    given = copy.deepcopy(lesion)
    whole = a_slice(lesion)
    whole['img'][40:60, 50:70] = 90
    found = CropToBody(10).transform(whole)
    assert found['crop_bbox'] == (30, 20, 110, 100)
    assert found['whole_shape'] == (120, 160)
    assert found['img_shape'] == found['ori_shape'] == (80, 80)
    assert found['img'].shape == (80, 80, 3)
    assert (found['img'][20:40, 20:40] == 90).all()
    (moved,) = found['instances']
    assert moved['bbox'] == [20, 20, 40, 40]
    assert moved['recist_px'] == [20, 30, 40, 30, 30, 20, 30, 40]
    assert moved['mask'][0].tolist() == [20, 20, 40, 20, 40, 40]
    # The annotation itself, which the next epoch reads, stays.
    assert lesion['bbox'] == given['bbox']
    assert lesion['recist_px'] == given['recist_px']
    assert (lesion['mask'][0] == given['mask'][0]).all()
    assert warnings == []


def test_the_crop_is_no_view_of_the_slices():
    whole = a_slice()
    image = CropToBody().transform(whole)['img']
    assert image.flags.owndata
    windowed = WindowHU([(-160, 240)]).transform({'img': image})['img']
    assert windowed is image


@pytest.mark.parametrize('hu', [-1000, 40])
def test_an_image_of_air_or_body_alone_is_kept(hu):
    whole = a_slice(a_lesion())
    whole['img'][:] = hu
    found = CropToBody().transform(whole)
    assert found['crop_bbox'] == (0, 0, 160, 120)
    assert found['ori_shape'] == found['whole_shape'] == (120, 160)
    assert found['instances'][0]['bbox'] == [50, 40, 70, 60]


def test_a_lesion_in_the_air_is_cut_or_left_out_with_a_warning(warnings):
    inside, beside = a_lesion(), a_lesion((90, 40, 115, 60))
    away = a_lesion((120, 40, 140, 60))
    sliver = a_lesion((109.5, 40, 130, 60))
    whole = a_slice(inside, beside, away, sliver)
    transform = CropToBody(10)
    found = transform.transform(copy.deepcopy(whole))
    assert [i['bbox'] for i in found['instances']] == [
        [20, 20, 40, 40],
        [60, 20, 80, 40],
    ]
    (text,) = warnings
    assert text.startswith("CropToBody: '000001_01_01/005.png': 3 lesions ")
    assert '10 mm' in text
    # Once, not in every epoch.
    transform.transform(copy.deepcopy(whole))
    assert len(warnings) == 1
    # A larger margin keeps all.
    found = CropToBody(40).transform(whole)
    assert len(found['instances']) == 4
    assert found['instances'][3]['bbox'] == [109.5, 40, 130, 60]


def test_ignored_regions_are_cut_in_silence(warnings):
    region = a_lesion((0, 0, 160, 120), ignore_flag=1, crowd=True)
    corner = a_lesion((0, 0, 9, 9), ignore_flag=1, crowd=True)
    found = CropToBody(10).transform(a_slice(region, corner))
    (kept,) = found['instances']
    assert kept['bbox'] == [0, 0, 80, 80]
    assert kept['crowd']
    assert warnings == []


def test_a_box_beyond_the_slice_is_no_cut(warnings):
    """DeepLesion's boxes of lesions at the border reach beyond the slice."""
    lesion = a_lesion((140, 40, 165, 60))
    found = CropToBody(10).transform(a_slice(lesion, body=(100, 30, 160, 90)))
    assert found['instances'][0]['bbox'] == [50, 20, 70, 40]
    assert warnings == []


def test_targets_of_mmdet_fit_the_crop():
    init_default_scope('mmdet')
    whole = a_slice(a_lesion())
    steps = [CropToBody(10), RecistToMask(), TRANSFORMS.build(LOAD_POLYGONS)]
    resize = dict(type='mmuldor.ResizeToSpacing', spacing_mm=0.5, max_size=999)
    found = Compose([*steps, TRANSFORMS.build(resize)])(whole)
    assert found['img'].shape == (160, 160, 3)
    assert found['gt_bboxes'].tensor.tolist() == [[40, 40, 80, 80]]
    masks = found['gt_masks']
    assert (masks.height, masks.width) == (160, 160)
    ((polygon,),) = masks.masks
    low, high = polygon.reshape(-1, 2).min(0), polygon.reshape(-1, 2).max(0)
    np.testing.assert_allclose([*low, *high], [40, 40, 80, 80])


@pytest.mark.parametrize('crop_first', [True, False])
def test_stored_masks_are_of_the_whole_slice(crop_first):
    mask = np.zeros((120, 160), np.uint8)
    mask[44:56, 52:68] = 1
    lesion = a_lesion(segmentation=encode_mask(mask))
    steps = [CropToBody(10), RecistToMask('segmentation')]
    found = Compose(steps if crop_first else steps[::-1])(a_slice(lesion))
    (polygon,) = found['instances'][0]['mask']
    outline = polygon.reshape(-1, 2)
    # Columns 52 to 68 and rows 44 to 56, from (30, 20) on.
    np.testing.assert_allclose(
        [*outline.min(axis=0), *outline.max(axis=0)],
        [22, 24, 38, 36],
        atol=0.26,
    )


def test_what_cannot_be_right_is_refused():
    with pytest.raises(ValueError, match='`margin_mm` must be 0 or more'):
        CropToBody(-1)
    with pytest.raises(TypeError):
        CropToBody('wide')
    again = CropToBody().transform(a_slice())
    with pytest.raises(ValueError, match=r'once, before LoadAnnotations'):
        CropToBody().transform(again)
    loaded = {**a_slice(), 'gt_bboxes': []}
    with pytest.raises(ValueError, match=r'005\.png'):
        CropToBody().transform(loaded)
    assert repr(CropToBody()) == 'CropToBody(margin_mm=10.0)'


def real_images(folder):
    """An item of each real key slice that has its row, with its lesions."""
    items = {}
    for part in ('deeplesion_sample', 'deeplesion_liver'):
        with (folder / part / 'DL_info.csv').open() as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            series, _, name = row['File_name'].rpartition('_')
            path = folder / part / 'Images_png' / series / name
            if not path.is_file():
                continue
            x_mm, y_mm, interval = map(float, row['Spacing_mm_px_'].split(','))
            width, height = map(int, row['Image_size'].split(','))
            item = items.setdefault(
                path,
                {
                    'img_path': str(path),
                    'key_slice': int(row['Key_slice_index']),
                    'slice_range': [*map(int, row['Slice_range'].split(','))],
                    'slice_interval_mm': interval,
                    'spacing_mm': [x_mm, y_mm],
                    'height': height,
                    'width': width,
                    'instances': [],
                },
            )
            box = np.array(row['Bounding_boxes'].split(','), float) - 0.5
            item['instances'].append(a_lesion(box.tolist()))
    return list(items.values())


def test_no_real_lesion_is_cut(real_data, warnings):
    images = real_images(real_data)
    assert len(images) == 42
    load, crop = LoadCTSlices(), CropToBody()
    kept, shrunk, nearest_mm = [], 0, np.inf
    for item in images:
        lesions = np.array([i['bbox'] for i in item['instances']])
        found = crop(load(item))
        x1, y1, x2, y2 = found['crop_bbox']
        kept.append((x2 - x1) * (y2 - y1) / (item['width'] * item['height']))
        mm = item['spacing_mm'][0]
        shrunk += max(x2 - x1, y2 - y1) * mm > 512 * 0.8
        # Where the slice itself ends nothing is cut.
        gaps = np.concatenate(
            [
                (lesions[:, :2] - [x1, y1])[:, [x1 > 0, y1 > 0]].ravel(),
                ([x2, y2] - lesions[:, 2:])[:, [x2 < 512, y2 < 512]].ravel(),
            ]
        )
        nearest_mm = min(nearest_mm, *(mm * gaps), np.inf)
        moved = [i['bbox'] for i in found['instances']]
        np.testing.assert_allclose(moved, lesions - [x1, y1, x1, y1])
    assert warnings == []
    assert nearest_mm > 30
    assert np.mean(kept) == pytest.approx(0.6, abs=0.01)
    # Of whole slices 22 are larger than 512 px of 0.8 mm.
    assert shrunk == 5
