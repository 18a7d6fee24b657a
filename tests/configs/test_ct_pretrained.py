"""The input of CT-pretrained weights, and what their configs change."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, TRANSFORMS

from tests.support.small_configs import CONFIGS, drop_package, untrained

NAMES = (
    'mask-rcnn_r152_fpn_ct-pretrained-12e_deeplesion',
    'retinanet_r152_c8_ct-pretrained-5e_phantom',
)


def load(name):
    return Config.fromfile(CONFIGS / f'detectors/{name}.py')


@pytest.mark.parametrize('name', NAMES)
def test_hu_from_minus_1000_to_1000_become_0_to_1(name):
    config = load(name)
    preprocessor = MODELS.build(config.model.data_preprocessor)
    loss, test = (
        config[key] for key in ('val_loss_pipeline', 'test_pipeline')
    )
    hu = np.array([[-1024, -1000, 0], [500, 1000, 3000]], dtype=np.float32)
    for pipeline in (config.train_pipeline, loss, test):
        window = TRANSFORMS.build(pipeline[1])
        grey = window.transform({'img': np.stack([hu] * 3, axis=-1)})['img']
        image = torch.from_numpy(grey).permute(2, 0, 1)
        found = preprocessor({'inputs': [image], 'data_samples': None})
        expected = torch.tensor([[0, 0, 0.5], [0.75, 1, 1]])
        inputs = found['inputs'][0, :, :2, :3]
        torch.testing.assert_close(inputs, expected.expand(3, -1, -1))
        # The border up to a multiple of 32 is air, too.
        assert found['inputs'].shape[-1] == 32
        assert found['inputs'][..., 3:].abs().max() == 0


@pytest.mark.parametrize('name', NAMES)
def test_all_splits_read_the_same_pixels(name):
    config = load(name)
    steps = [
        config[f'{split}_dataloader'].dataset.pipeline[:2]
        for split in ('train', 'val', 'test')
    ]
    assert steps[0] == steps[1] == steps[2] == config.val_loss_pipeline[:2]


def test_backbone_and_input_are_the_only_changes():
    changed = load(NAMES[0]).to_dict()
    base = Config.fromfile(
        CONFIGS / 'mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion.py'
    ).to_dict()
    backbone = changed['model'].pop('backbone')
    assert backbone.pop('depth') == 152
    assert backbone.pop('init_cfg') == {'type': 'mmuldor.CTPretrainedInit'}
    old = base['model'].pop('backbone')
    assert backbone == {k: v for k, v in old.items() if k in backbone}
    assert old.keys() - backbone == {'depth', 'init_cfg'}
    for config in (changed, base):
        del config['model']['data_preprocessor']
    assert changed['model'] == base['model']
    for key in ('optim_wrapper', 'param_scheduler', 'train_cfg'):
        assert changed[key] == base[key]
    assert changed['train_pipeline'][2:] == base['train_pipeline'][2:]


def test_the_truncated_detector_is_small_and_mostly_frozen():
    config = load(NAMES[1])
    drop_package(config)
    model = untrained(config)
    assert not any(p.requires_grad for p in model.backbone.parameters())
    learned = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert 0.7e6 < learned < 0.9e6
    model.eval()
    (found,) = model.extract_feat(torch.rand(1, 3, 64, 96))
    assert found.shape == (1, 128, 8, 12)
    sizes = model.bbox_head.prior_generator.base_anchors[0]
    areas = (sizes[:, 2:] - sizes[:, :2]).prod(dim=1).sqrt()
    assert (areas.min(), areas.max()) == (16, 128)
