"""GroupNorm and finer pixels: what the configs change."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn

BLOCKS = 'configs/blocks'


@pytest.mark.parametrize(
    ('size', 'norm'),
    [('r101_fpn_gn-12e_deeplesion', 'bn'), ('r18_fpn_gn-5e_phantom', 'gn')],
)
def test_group_norm_stands_in_neck_and_heads(root, size, norm):
    init_default_scope('mmdet')
    model = MODELS.build(
        Config.fromfile(root / f'{BLOCKS}/model/mask-rcnn_{size}.py').model
    )
    for part in (
        model.neck,
        model.roi_head.bbox_head,
        model.roi_head.mask_head,
    ):
        kinds = [type(layer) for layer in part.modules()]
        convolutions = sum(
            type(layer) is nn.Conv2d and layer.kernel_size == (3, 3)
            for layer in part.modules()
        )
        assert kinds.count(nn.GroupNorm) >= convolutions > 0
    layers = list(model.backbone.modules())
    found = {
        'gn': any(isinstance(layer, nn.GroupNorm) for layer in layers),
        'bn': any(isinstance(layer, nn.BatchNorm2d) for layer in layers),
    }
    assert found == {'gn': norm == 'gn', 'bn': norm == 'bn'}
    # Every group has at least two channels.
    for layer in model.modules():
        if isinstance(layer, nn.GroupNorm):
            assert layer.num_channels >= 2 * layer.num_groups
    # The box head takes the RoI features of the neck.
    channels = model.neck.out_channels
    scores, boxes = model.roi_head.bbox_head(torch.zeros(3, channels, 7, 7))
    assert scores.shape == (3, 2)
    assert boxes.shape == (3, 4)


@pytest.mark.parametrize(
    ('size', 'spacing', 'ratio'),
    [
        ('r101_fpn_fine-12e_deeplesion', 0.6, 0.75),
        ('r18_fpn_fine-5e_phantom', 0.9, 0.75),
    ],
)
def test_all_pipelines_resize_to_finer_pixels(root, size, spacing, ratio):
    fine = Config.fromfile(root / f'{BLOCKS}/data/mask-rcnn_{size}.py')
    base = Config.fromfile(
        root / f'configs/mask_rcnn/mask-rcnn_{size.replace("_fine-", "_")}.py'
    )
    pipelines = (
        lambda config: config.train_dataloader.dataset.pipeline,
        lambda config: config.val_loss_pipeline,
        lambda config: config.val_dataloader.dataset.pipeline,
        lambda config: config.test_dataloader.dataset.pipeline,
    )
    for pipeline in pipelines:
        new, old = pipeline(fine), pipeline(base)
        assert [step.type for step in new] == [step.type for step in old]
        changed = [(a, b) for a, b in zip(new, old, strict=True) if a != b]
        ((resize, before),) = changed
        assert resize.type == 'mmuldor.ResizeToSpacing'
        assert resize.spacing_mm == spacing
        assert resize.spacing_mm / before.spacing_mm == pytest.approx(ratio)
        # The same images fit without being shrunk.
        assert resize.max_size >= before.max_size / ratio - 1
