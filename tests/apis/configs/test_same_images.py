"""A model is evaluated on images like those that it was trained on."""

import pytest
from mmengine.config import Config

from mmuldor.apis.configs.loading import read_config
from mmuldor.apis.configs.same_images import check_same_images
from mmuldor.datasets.transforms import WindowHU

LOAD = dict(type='mmuldor.LoadCTSlices')
RESIZE = dict(type='mmuldor.ResizeToSpacing', spacing_mm=0.8)
WINDOW = dict(type='mmuldor.WindowHU', windows=((-100, 300),))


def check(train, val):
    dataset = dict(dataset=dict(pipeline=train))
    check_same_images(
        Config(
            dict(
                train_dataloader=dict(dataset=dataset),
                val_dataloader=dict(dataset=dict(pipeline=val)),
            )
        )
    )


def test_equal_images():
    check([LOAD, WINDOW], [dict(LOAD, num_slices=3), WINDOW])
    check([LOAD, WINDOW], [LOAD, dict(WINDOW, windows=[[-100, 300]])])
    check([LOAD, dict(type='RandomFlip')], [dict(LOAD, missing='error')])
    check([LOAD, dict(WINDOW, type='mmuldor.RandomWindowHU')], [LOAD, WINDOW])
    check([LOAD, RESIZE], [LOAD, dict(RESIZE, max_size=1024)])


def test_steps_of_which_one_is_chosen_may_differ():
    sizes = [[dict(RESIZE, spacing_mm=s)] for s in (0.7, 0.8, 0.9)]
    for name in ('RandomChoice', 'RandomApply'):
        check([LOAD, dict(type=name, transforms=sizes)], [LOAD, RESIZE])


def test_margins_of_crops_are_compared():
    crop = dict(type='mmuldor.CropToBody')
    check([LOAD, crop], [LOAD, dict(crop, margin_mm=10)])
    with pytest.raises(ValueError, match=r'margin_mm` is 10.*Set both'):
        check([LOAD, crop], [LOAD, dict(crop, margin_mm=0)])


@pytest.mark.parametrize(
    'step',
    [
        dict(type='mmuldor.RandomResizeToSpacing', spacing_mm=2.0),
        dict(type='mmuldor.RandomWindowHU', windows=((-100, 200),)),
        dict(type=WindowHU, windows=((-100, 200),)),
    ],
)
def test_augmented_steps_and_classes_are_compared(step):
    with pytest.raises(ValueError, match='Set both'):
        check([LOAD, step], [LOAD, WINDOW, RESIZE])


@pytest.mark.parametrize(
    'changed',
    [
        dict(LOAD, num_slices=5),
        dict(LOAD, slice_interval_mm=2.0),
        dict(WINDOW, windows=[(-100, 301)]),
        dict(WINDOW, windows=[(-100, 300), (-1000, 1000)]),
    ],
)
def test_other_images_are_refused(changed):
    plain = [LOAD, WINDOW]
    other = [changed if s['type'] == changed['type'] else s for s in plain]
    for pair in ((plain, other), (other, plain)):
        with pytest.raises(ValueError, match=r'`val_dataloader\..*` is .*Set'):
            check(*pair)


def test_the_validation_loss_counts(root):
    config = read_config(
        root / 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'
    )
    check_same_images(config)
    config.val_loss_pipeline[0]['num_slices'] = 5
    with pytest.raises(ValueError, match=r'`val_loss_pipeline\.0\.num'):
        check_same_images(config)
