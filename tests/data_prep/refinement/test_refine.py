"""`data_prep/grabcut_masks.py` and what reads its masks."""

import json

import numpy as np
import pytest

from data_prep.grabcut_masks import main
from mmuldor.apis.browse import build_split
from mmuldor.functional.hounsfield import stored_to_hu
from mmuldor.functional.masks import rasterize
from mmuldor.functional.recist import PseudoMask, pseudo_mask_polygon
from mmuldor.functional.segmentation.grabcut import grabcut_mask
from mmuldor.io.annotations import load_annotations
from mmuldor.io.json_files import write_json
from mmuldor.io.png import read_png16
from mmuldor.io.run_length import decode_mask, encode_mask
from mmuldor.mining.lesion_masks import lesion_mask, lesion_outlines
from tests.support.small_configs import read_mini_data, with_masks

STORED = PseudoMask('segmentation')


def refine(folder, *splits):
    files = [str(folder / f'{split}.json') for split in splits]
    main(['--ann', *files, '--images', str(folder / 'Images_png')])


def test_every_lesion_gets_its_mask(mini_data, capsys):
    before = load_annotations(mini_data / 'train.json')
    refine(mini_data, 'train', 'val')
    said = capsys.readouterr().out
    after = load_annotations(mini_data / 'train.json')
    assert (
        f'{mini_data}/train.json: 6 masks refined by GrabCut, 0 stay' in said
    )
    assert f'{mini_data}/val.json: 2 masks' in said
    assert after['info']['segmentation'] == {
        'grabcut': 6,
        'quarter_ellipses': 0,
    }
    images = {image['id']: image for image in after['images']}
    for old, new in zip(
        before['annotations'], after['annotations'], strict=True
    ):
        name = images[new['image_id']]['file_name']
        hu = stored_to_hu(read_png16(mini_data / 'Images_png' / name))
        ends = np.reshape(new['recist_px'], (4, 2))
        expected = np.zeros(hu.shape, dtype=bool)
        grabcut_mask(hu, ends).paint(expected)
        mask = decode_mask(new['segmentation'])
        assert (mask == expected).all()
        # Discs of 150 HU in noise of 10 HU.
        assert (hu[mask] > 75).mean() > 0.98
        assert new['area'] == mask.sum()
        assert new['segmentation_from'] == 'grabcut'
        # Nothing else changes.
        assert {k: v for k, v in new.items() if k in old and k != 'area'} == {
            k: v for k, v in old.items() if k != 'area'
        }


def test_what_cannot_be_refined_stays_drawn(mini_data, capsys):
    document = load_annotations(mini_data / 'val.json')
    lesion = document['annotations'][0]
    # Too small for colour models.
    lesion['recist_px'] = [30, 30, 31, 30, 30.5, 29.6, 30.5, 30.4]
    document['annotations'].append({**lesion, 'id': 999, 'iscrowd': 1})
    write_json(mini_data / 'val.json', document)
    refine(mini_data, 'val')
    assert '1 masks refined by GrabCut, 1 stay' in capsys.readouterr().out
    first, _, crowd = load_annotations(mini_data / 'val.json')['annotations']
    assert first['segmentation_from'] == 'quarter_ellipses'
    outline = pseudo_mask_polygon(np.reshape(first['recist_px'], (4, 2)))
    mask = decode_mask(first['segmentation'])
    assert (mask == rasterize(outline, 64, 64)).all()
    assert 'segmentation' not in crowd


def test_a_missing_image_changes_nothing(mini_data):
    before = (mini_data / 'train.json').read_bytes()
    (mini_data / 'Images_png/000101_01_01/005.png').unlink()
    with pytest.raises(FileNotFoundError, match=r'000101_01_01/005\.png'):
        refine(mini_data, 'train', 'val')
    assert (mini_data / 'train.json').read_bytes() == before


@pytest.fixture
def config(tmp_path, mini_data):
    name = 'mask_rcnn/mask-rcnn_r18_fpn_5e_phantom'
    config = with_masks(name, 'grabcut_masks', tmp_path)
    read_mini_data(config, mini_data)
    (flip,) = [
        step
        for step in config.train_dataloader.dataset.pipeline
        if step['type'] == 'RandomFlip'
    ]
    flip.prob = 0.0
    return config


def test_a_config_trains_on_the_masks(config, mini_data):
    refine(mini_data, 'train', 'val')
    dataset = build_split(config, 'train')
    assert dataset.pseudo_mask == STORED
    lesions = load_annotations(mini_data / 'train.json')['annotations']
    for index, lesion in enumerate(lesions):
        sample = dataset[index]['data_samples']
        ((polygon,),) = sample.gt_instances.masks.masks
        # Back to px of the source, pixel centres at integers.
        outline = polygon.reshape(-1, 2) / sample.scale_factor - 0.5
        mask = decode_mask(lesion['segmentation'])
        assert (rasterize(outline, 64, 64) == mask).all()
        (own,) = dataset.annotated_lesions(index)
        assert (lesion_mask(own, STORED, (64, 64)) == mask).all()


def test_a_config_needs_the_masks(config, mini_data):
    with pytest.raises(
        ValueError,
        match=r'train\.json: a lesion of 000001_01_01/005\.png: .* must have '
        r"a `segmentation` for `shape='segmentation'`.*grabcut_masks\.py",
    ):
        build_split(config, 'train')


@pytest.mark.parametrize(
    ('segmentation', 'match'),
    [
        (encode_mask(np.ones((9, 9))), r'size of its image, \[64, 64\], but'),
        (encode_mask(np.zeros((64, 64))), r'must have a pixel, but it is'),
        ([[1, 2, 3, 4, 5, 6]], r'must be a COCO run-length mask'),
        (None, r'must be a COCO run-length mask'),
    ],
)
def test_wrong_masks(config, mini_data, segmentation, match):
    path = mini_data / 'train.json'
    document = json.loads(path.read_text())
    good = encode_mask(np.eye(64))
    for lesion in document['annotations']:
        lesion['segmentation'] = good
    document['annotations'][3]['segmentation'] = segmentation
    path.write_text(json.dumps(document))
    match = r'train\.json: a lesion of 000004_01_01/005\.png: .*' + match
    with pytest.raises(ValueError, match=match):
        build_split(config, 'train')


def test_a_mask_in_two_pieces():
    mask = np.zeros((20, 30), dtype=bool)
    mask[2:5, 3:6] = mask[10:18, 10:20] = True
    lesion = {'segmentation': encode_mask(mask)}
    assert (lesion_mask(lesion, STORED, (20, 30)) == mask).all()
    large, small = lesion_outlines(lesion, STORED)
    assert rasterize(large, 20, 30).sum() == 80
    assert rasterize(small, 20, 30).sum() == 9


def test_a_stored_mask_is_neither_drawn_nor_moved():
    with pytest.raises(ValueError, match=r'must be read with its lesion'):
        STORED.polygon(np.arange(8.0))
    for change in (dict(grow_px=1.0), dict(offset_px=(0, 1))):
        with pytest.raises(ValueError, match=r'must be 0 for `shape='):
            PseudoMask('segmentation', **change)
