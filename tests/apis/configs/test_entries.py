from pathlib import Path

import mmdet
import pytest
from mmengine.config import Config

from mmuldor.apis import load_config
from mmuldor.apis.configs.entries import check_entries

ULDOR = 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'


def checked(**entries):
    check_entries(Config(entries))


@pytest.mark.parametrize(
    ('options', 'says'),
    [
        (
            {'model.roi_head.bbox_head.type': 'Shared2FCBoxHead'},
            r"`model\.roi_head\.bbox_head` has the type 'Shared2FCBoxHead', "
            r"which is not registered\. Did you mean 'Shared2FCBBoxHead'\?",
        ),
        (
            {'model.backbone.deepth': 18},
            r'`model\.backbone` has an argument `deepth` that ResNet does '
            r"not take\. Did you mean 'depth'\?",
        ),
        (
            {'default_hooks.hnem.max_iuo': 1},
            r'`default_hooks\.hnem` has an argument `max_iuo` that '
            r"mmuldor\.MiningRule does not take\. Did you mean 'max_iou'\?",
        ),
        (
            {'train_dataloader.dataset.pipeline.0.slices': 3},
            r'`train_dataloader\.dataset\.pipeline\.0` has an argument `sl',
        ),
        (
            {'val_loss_pipeline.1.type': 'mmuldor.WindowHu'},
            r"`val_loss_pipeline\.1` has the type.*'mmuldor\.WindowHU'\?",
        ),
        (
            {'optim_wrapper.optimizer.type': 7},
            r'`optim_wrapper\.optimizer` must have a name as `type`, but got',
        ),
    ],
)
def test_the_first_wrong_entry_is_named(root, options, says):
    with pytest.raises(ValueError, match=r'hnem-2e_phantom\.py.*' + says):
        load_config(str(root / ULDOR), cfg_options=options)


@pytest.mark.parametrize(
    ('key', 'name'),
    [
        ('model.rpn_head.anchor_generator', 'FPN'),
        ('model.train_cfg.rcnn.sampler', 'DefaultSampler'),
        ('model.roi_head.bbox_head.bbox_coder', 'CrossEntropyLoss'),
        ('train_dataloader.sampler', 'RandomSampler'),
        ('train_dataloader.batch_sampler', 'mmuldor.WindowHU'),
        ('val_evaluator', 'mmuldor.HNEMHook'),
        ('visualizer.vis_backends.0', 'DetLocalVisualizer'),
        ('val_cfg', 'SGD'),
        ('log_processor', 'TestLoop'),
    ],
)
def test_a_type_of_another_registry_is_refused(root, key, name):
    config = Config.fromfile(root / ULDOR)
    config.merge_from_dict({f'{key}.type': name})
    says = f"`{key}` has the type '{name}', which is not registered"
    with pytest.raises(ValueError, match=says):
        check_entries(config)


@pytest.mark.parametrize(
    'entries',
    [
        {'model': {'backbone': {}}},
        {'train_dataloader': {'dataset': {'ann_file': 'a.json'}}},
        {'val_loss_pipeline': [{'prob': 0.5}]},
        {'default_hooks': {'timer': {'interval': 1}}},
        {'optim_wrapper': {'optimizer': {'lr': 0.1}}},
        {'test_evaluator': [{'ann_file': 'a.json'}]},
    ],
)
def test_a_type_that_must_be_there(entries):
    with pytest.raises(ValueError, match='must have a `type` of the '):
        checked(**entries)


def test_what_builders_take_out_themselves_is_right():
    checked(
        custom_hooks=[{'type': 'EMAHook', 'priority': 'LOW', 'momentum': 0.1}],
        param_scheduler={
            'type': 'StepLR',
            'step_size': 1,
            'convert_to_iter_based': True,
        },
        optim_wrapper={
            'type': 'OptimWrapper',
            'constructor': 'DefaultOptimWrapperConstructor',
            'paramwise_cfg': {},
            'optimizer': {'type': 'SGD', 'lr': 0.1},
        },
        val_evaluator={'type': 'Evaluator', 'metrics': []},
        train_cfg={'by_epoch': True, 'max_epochs': 1},
        default_hooks={'timer': None},
    )


def test_types_of_other_packages_inside_are_left_to_them():
    checked(
        model={
            'type': 'FasterRCNN',
            'backbone': {'type': 'ResNet', 'depth': 18},
            'test_cfg': {
                'nms': {'type': 'nms', 'anything': 1},
                'own': {'type': 'no class at all'},
            },
        },
        val_loss_pipeline=[
            {'type': 'Albu', 'transforms': [{'type': 'Blurr', 'x': 1}]}
        ],
        helper={'type': 'is built nowhere'},
    )


def test_transforms_of_wrappers_and_data_sets_in_data_sets_are_checked():
    step = {'type': 'RandomFlip', 'probability': 0.5}
    for entries in (
        {
            'val_loss_pipeline': [
                {'type': 'RandomChoice', 'transforms': [[step]]}
            ]
        },
        {
            'train_dataloader': {
                'dataset': {
                    'type': 'RepeatDataset',
                    'times': 2,
                    'dataset': {
                        'type': 'mmuldor.DeepLesionDataset',
                        'pipeline': [step],
                    },
                }
            }
        },
    ):
        with pytest.raises(ValueError, match=r'\.0` has an argument `probab'):
            checked(**entries)


# Configs that mmdet ships, and what is wrong with them here: trackers hand
# arguments on in ways of their own, mmpretrain is no requirement, and mmdet's
# FPN does not take `force_grad_on_level` either.
SHIPPED = Path(mmdet.__file__).parent / '.mim' / 'configs'
REFUSED = (
    'mmpretrain.', 'QuasiDenseTrackHead', 'force_grad_on_level',
)  # fmt: skip


def model_of(path):
    config = Config.fromfile(path)
    return Config(
        {'model': config.model, 'default_scope': 'mmdet'}, filename=str(path)
    )


@pytest.mark.parametrize(
    'name',
    [
        'detr/detr_r50_8xb2-150e_coco.py',
        'vfnet/vfnet_r50-mdconv-c3-c5_fpn_ms-2x_coco.py',
        'htc/htc_r50_fpn_1x_coco.py',
        'point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py',
        'yolox/yolox_s_8xb8-300e_coco.py',
    ],
)
def test_models_of_mmdet_pass(name):
    check_entries(model_of(SHIPPED / name))


@pytest.mark.slow
def test_every_model_of_mmdet_passes():
    checked, refused = 0, []
    for path in sorted(SHIPPED.rglob('*.py')):
        try:
            config = model_of(path)
        # Parts of configs, and those of packages that are not installed.
        except Exception:
            continue
        checked += 1
        try:
            check_entries(config)
        except ValueError as error:
            if not any(part in str(error) for part in REFUSED):
                refused.append(str(error))
    assert checked > 700
    assert refused == []
