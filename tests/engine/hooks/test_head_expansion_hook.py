import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from mmengine.runner import Runner, save_checkpoint

from mmuldor.engine.detection.weights import expand_heads
from mmuldor.engine.hooks import HeadExpansionHook


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
    bias = one['roi_head.bbox_head.fc_cls.bias']
    old_bias = before['roi_head.bbox_head.fc_cls.bias']
    assert torch.equal(bias[[0, 2]], old_bias)
    # 1 in 100: the lesion's probability stays nearly what it was.
    assert bias[1] == pytest.approx(-4.6)
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


@pytest.fixture
def one_class(mini_config, root, tmp_path):
    """A one-class model's config and its checkpoint."""
    path = root / 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
    config = Config(dict(mini_config, experiment_name='one'))
    model = Config.fromfile(path).model
    model.backbone, model.neck = config.model.backbone, config.model.neck
    config.model = model
    init_default_scope('mmdet')
    weights = MODELS.build(model).state_dict()
    file = tmp_path / 'one.pth'
    save_checkpoint({'state_dict': weights, 'meta': {}}, str(file))
    return config, weights, str(file)


def test_training_starts_from_a_one_class_checkpoint(mini_config, one_class):
    _, weights, file = one_class
    runner = Runner.from_cfg(mini_config)
    assert runner.train_loop.max_epochs == 3
    runner.load_checkpoint(file)
    found = runner.model.roi_head.bbox_head.fc_cls.weight.cpu()
    expected = weights['roi_head.bbox_head.fc_cls.weight']
    assert torch.equal(found[[0, 2]], expected)


def test_only_a_start_of_training_expands(mini_config, one_class):
    _, _, file = one_class
    with pytest.raises(ValueError, match='another number of classes'):
        Runner.from_cfg(mini_config).load_checkpoint(file)
    mini_config.experiment_name = 'resumed'
    mini_config.resume, mini_config.load_from = True, file
    runner = Runner.from_cfg(mini_config)
    assert runner.train_loop.max_epochs == 3
    with pytest.raises(ValueError, match='another number of classes'):
        runner.load_or_resume()


def test_two_classes_do_not_start_a_one_class_model(
    mini_config, one_class, tmp_path
):
    config, _, _ = one_class
    two = MODELS.build(mini_config.model)
    file = tmp_path / 'two.pth'
    save_checkpoint({'state_dict': two.state_dict(), 'meta': {}}, str(file))
    runner = Runner.from_cfg(config)
    with pytest.raises(ValueError, match='another number of classes'):
        runner.load_checkpoint(str(file))


@pytest.mark.parametrize(
    ('content', 'match'),
    [
        ([1], 'must hold a dict of tensors, but got a list'),
        ({'state_dict': [1]}, 'must hold a dict of tensors'),
        ({'a': torch.ones(1)}, 'lacks .* tensors of the model'),
    ],
)
def test_what_is_no_checkpoint_of_the_model_is_refused(
    mini_config, tmp_path, content, match
):
    runner = Runner.from_cfg(mini_config)
    (hook,) = (h for h in runner.hooks if isinstance(h, HeadExpansionHook))
    with pytest.raises(ValueError, match=match):
        hook.after_load_checkpoint(runner, content)
