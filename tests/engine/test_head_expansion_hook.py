import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner, save_checkpoint

from mmuldor.engine.hooks.head_expansion_hook import expand_heads


def state(classes, seed=0):
    """Class layers of a detector, as they are named in mmdet."""
    torch.manual_seed(seed)
    return {
        'roi_head.bbox_head.fc_cls.weight': torch.randn(classes + 1, 5),
        'roi_head.bbox_head.fc_cls.bias': torch.randn(classes + 1),
        'roi_head.bbox_head.fc_reg.weight': torch.randn(4 * classes, 5),
        'roi_head.bbox_head.fc_reg.bias': torch.randn(4 * classes),
        'roi_head.mask_head.conv_logits.weight': torch.randn(classes, 3, 1, 1),
        'roi_head.mask_head.conv_logits.bias': torch.randn(classes),
        'backbone.conv1.weight': torch.randn(2, 2),
    }


def test_lesion_and_background_rows_are_copied():
    one, two = state(1), state(2, seed=1)
    before = {name: tensor.clone() for name, tensor in one.items()}
    names = expand_heads(one, two)
    assert len(names) == 6
    cls = one['roi_head.bbox_head.fc_cls.weight']
    old = before['roi_head.bbox_head.fc_cls.weight']
    assert torch.equal(cls[0], old[0])
    assert torch.equal(cls[2], old[1])
    assert torch.equal(cls[1], two['roi_head.bbox_head.fc_cls.weight'][1])
    reg = one['roi_head.bbox_head.fc_reg.bias']
    assert torch.equal(reg[:4], before['roi_head.bbox_head.fc_reg.bias'])
    assert torch.equal(reg[4:], two['roi_head.bbox_head.fc_reg.bias'][4:])
    mask = one['roi_head.mask_head.conv_logits.bias']
    assert torch.equal(mask[:1], before['roi_head.mask_head.conv_logits.bias'])
    assert torch.equal(
        one['backbone.conv1.weight'], before['backbone.conv1.weight']
    )


def test_equal_classes_are_left_alone():
    one = state(1)
    assert expand_heads(one, state(1, seed=1)) == []


@pytest.mark.parametrize(('found', 'wanted'), [(2, 1), (80, 1), (80, 2)])
def test_other_class_counts_are_an_error(found, wanted):
    with pytest.raises(ValueError, match='another number of classes'):
        expand_heads(state(found), state(wanted))


def test_layers_the_model_lacks_are_ignored():
    two = state(2, seed=1)
    target = {k: v for k, v in two.items() if 'mask_head' not in k}
    assert len(expand_heads(state(1), target)) == 4


def test_a_runner_loads_a_one_class_checkpoint(mini_config, root, tmp_path):
    init_default_scope('mmdet')
    path = root / 'configs/mask_rcnn/mask-rcnn_r18_fpn_6e_phantom.py'
    base = Config.fromfile(path)
    base.model.backbone, base.model.neck = (
        mini_config.model.backbone,
        mini_config.model.neck,
    )
    one = MODELS.build(base.model)
    file = tmp_path / 'one.pth'
    save_checkpoint({'state_dict': one.state_dict(), 'meta': {}}, str(file))
    runner = Runner.from_cfg(mini_config)
    runner.load_checkpoint(str(file))
    found = runner.model.roi_head.bbox_head.fc_cls.weight
    expected = one.roi_head.bbox_head.fc_cls.weight
    assert torch.equal(found[[0, 2]], expected)

    base_runner = Runner.from_cfg(
        Config(
            dict(
                mini_config,
                model=base.model,
                experiment_name='back',
            )
        )
    )
    two = tmp_path / 'two.pth'
    save_checkpoint(
        {'state_dict': runner.model.state_dict(), 'meta': {}}, str(two)
    )
    with pytest.raises(ValueError, match='another number of classes'):
        base_runner.load_checkpoint(str(two))
