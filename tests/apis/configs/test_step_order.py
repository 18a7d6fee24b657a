"""Pipelines whose order has wrong labels are refused."""

import pytest
from mmengine.config import Config

from mmuldor.apis import load_config
from mmuldor.apis.configs.step_order import check_step_order
from mmuldor.datasets.transforms import CopyPasteLesions, WindowHU

RIGHT = [
    *('RandomSlice', 'LoadCTSlices', 'CropToBody', 'RecistToMask'),
    *('AddHardNegatives', 'CopyPasteLesions', 'WindowHU', 'LoadAnnotations'),
]


def check(*names):
    steps = [
        dict(type=name if name == 'LoadAnnotations' else f'mmuldor.{name}')
        for name in names
    ]
    wrapped = dict(dataset=dict(dataset=dict(pipeline=steps)))
    check_step_order(Config(dict(train_dataloader=wrapped)))


def test_the_right_orders():
    check(*RIGHT)
    check('LoadCTSlices', 'WindowHU', 'RecistToMask', 'LoadAnnotations')
    # The crop moves masks, mined examples and pasted lesions.
    check(
        *('LoadCTSlices', 'RecistToMask', 'AddHardNegatives'),
        *('CopyPasteLesions', 'CropToBody', 'RandomWindowHU'),
    )
    # Only steps that are present are compared.
    check('AddHardNegatives', 'LoadAnnotations')
    check()


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        ('RandomSlice', 'LoadCTSlices'),
        ('LoadCTSlices', 'CopyPasteLesions'),
        ('RecistToMask', 'AddHardNegatives'),
        ('RecistToMask', 'CopyPasteLesions'),
        ('AddHardNegatives', 'CopyPasteLesions'),
        ('CopyPasteLesions', 'WindowHU'),
        ('CopyPasteLesions', 'RandomWindowHU'),
        ('RecistToMask', 'LoadAnnotations'),
        ('AddHardNegatives', 'LoadAnnotations'),
        ('CopyPasteLesions', 'LoadAnnotations'),
    ],
)
def test_a_step_at_a_wrong_place(first, second):
    check(first, second)
    with pytest.raises(
        ValueError,
        match=r'`train_dataloader\.dataset\.dataset\.pipeline` must have '
        rf'{first} before {second}.*Move {first} before {second}\.',
    ):
        check(second, first)


def test_it_is_told_when_a_config_is_read(root, tmp_path):
    path = root / 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'
    leaf = tmp_path / 'leaf.py'
    leaf.write_text(
        f'_base_ = {str(path)!r}\n'
        'steps = _base_.train_pipeline\n'
        'steps.insert(4, steps.pop(3))\n'
        'train_dataloader = dict(dataset=dict(pipeline=steps))\n'
        'del steps\n'
    )
    with pytest.raises(
        ValueError, match=r'leaf.*AddHardNegatives before LoadAnnotations'
    ):
        load_config(leaf)


def test_classes_as_types():
    steps = [dict(type=WindowHU), dict(type=CopyPasteLesions)]
    with pytest.raises(ValueError, match='CopyPasteLesions before WindowHU'):
        check_step_order(Config(dict(pipeline=steps)))
