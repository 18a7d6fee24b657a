"""Crops that would move lesions or predictions elsewhere are refused."""

import pytest
from mmengine.config import Config

from mmuldor.apis import load_config
from mmuldor.apis.configs.crops import check_crops

CROP = dict(type='mmuldor.CropToBody')
LOAD = dict(type='mmuldor.LoadCTSlices')
WINDOW = dict(type='mmuldor.WindowHU')
PACK = dict(type='PackDetInputs', meta_keys=('crop_bbox', 'whole_shape'))


def check(*steps):
    dataset = dict(pipeline=list(steps))
    wrapped = dict(dataset=dict(dataset=dataset))
    check_crops(Config(dict(train_dataloader=wrapped)))


def test_the_right_order():
    check(LOAD, WINDOW, dict(type='PackDetInputs'))
    check(LOAD, CROP, WINDOW, PACK)
    check(
        dict(type='mmuldor.RandomSlice'),
        *(
            LOAD,
            dict(type='mmuldor.OfAUser'),
            dict(type='mmuldor.RecistToMask'),
        ),
        *(dict(type='mmuldor.CopyPasteLesions'), CROP, WINDOW, PACK),
    )


@pytest.mark.parametrize(
    'before',
    [
        [LOAD, WINDOW],
        [LOAD, dict(type='LoadAnnotations')],
        [LOAD, dict(type='RandomFlip')],
        [LOAD, dict(type='mmuldor.ResizeToSpacing')],
        [],
    ],
)
def test_a_crop_at_another_place(before):
    with pytest.raises(
        ValueError,
        match=r'`train_dataloader\.dataset\.dataset\.pipeline` must crop '
        'directly after LoadCTSlices',
    ):
        check(*before, CROP, PACK)


def test_two_crops():
    with pytest.raises(ValueError, match='must crop once, but has'):
        check(LOAD, CROP, WINDOW, CROP, PACK)


@pytest.mark.parametrize(
    ('pack', 'lacking'),
    [
        (dict(type='PackDetInputs'), r"\['crop_bbox', 'whole_shape'\]"),
        (dict(PACK, meta_keys=('crop_bbox',)), r"lacks \['whole_shape'\]"),
    ],
)
def test_predictions_could_not_move_back(pack, lacking):
    with pytest.raises(ValueError, match=lacking):
        check(LOAD, CROP, WINDOW, pack)


def test_a_shipped_config_with_a_change(root):
    path = (
        root / 'configs/blocks/data/mask-rcnn_r18_fpn_body-crop-5e_phantom.py'
    )
    load_config(str(path))
    keys = {'test_dataloader.dataset.pipeline.4.meta_keys': ('img_id',)}
    with pytest.raises(ValueError, match=r'body-crop.*`meta_keys`'):
        load_config(str(path), cfg_options=keys)


@pytest.mark.parametrize(
    'path',
    [
        'own_data/uldor_r101_fpn_hnem-12e_own-data.py',
        'slices/alignshift_densenet121_fpn_7slices-12e_deeplesion.py',
        'slices/mvp-net_r101_fpn_9slices-12e_deeplesion.py',
        'slices/3dce_r18_fpn_9slices-5e_phantom.py',
        'detectors/dino-4scale_r50_12e_deeplesion.py',
        'detectors/retinanet_r18_fpn_5e_phantom.py',
    ],
)
def test_other_configs_take_it_by_the_same_line(root, path):
    config = Config.fromfile(root / 'configs' / path)
    for pipeline in (
        config.train_dataloader.dataset.pipeline,
        config.test_dataloader.dataset.pipeline,
        config.val_loss_pipeline,
    ):
        pipeline.insert(1, dict(type='mmuldor.CropToBody'))
    check_crops(config)
