import pytest
import torch
from mmdet.models.backbones import ResNet
from mmdet.registry import MODELS

from mmuldor.apis import load_config
from mmuldor.models import InflatedInit
from mmuldor.models.inflated_init import inflate
from tests.support.small_configs import CONFIGS


@pytest.mark.parametrize('channels', [1, 6, 9, 27])
def test_equal_channels_get_the_answer_of_a_grey_image(channels):
    torch.manual_seed(0)
    weight = torch.randn(8, 3, 7, 7)
    grey = torch.rand(1, 1, 20, 20)
    expected = torch.conv2d(grey.expand(-1, 3, -1, -1), weight)
    found = torch.conv2d(
        grey.expand(-1, channels, -1, -1), inflate(weight, channels)
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_three_channels_stay_as_they_are():
    weight = torch.randn(8, 3, 7, 7)
    assert inflate(weight, 3) is weight


def test_only_the_first_convolution_changes(tmp_path):
    torch.manual_seed(0)
    trained = ResNet(18)
    state = trained.state_dict()
    # ImageNet files hold a classifier too.
    torch.save({**state, 'fc.weight': torch.zeros(2)}, tmp_path / 'r18.pth')
    model = ResNet(
        18,
        in_channels=9,
        init_cfg=dict(
            type='mmuldor.InflatedInit', checkpoint=str(tmp_path / 'r18.pth')
        ),
    )
    model.init_weights()
    for name, value in model.state_dict().items():
        if name == 'conv1.weight':
            assert value.shape[1] == 9
            torch.testing.assert_close(value, inflate(state[name], 9))
        else:
            assert torch.equal(value, state[name]), name


@pytest.mark.parametrize('channels', [1, 3, 9])
def test_equal_channels_must_learn(tmp_path, channels):
    torch.save(ResNet(18).state_dict(), tmp_path / 'r18.pth')
    init = dict(
        type='mmuldor.InflatedInit', checkpoint=str(tmp_path / 'r18.pth')
    )
    model = ResNet(18, in_channels=channels, frozen_stages=0, init_cfg=init)
    if channels == 9:
        with pytest.raises(ValueError, match='frozen_stages=-1'):
            model.init_weights()
    else:
        model.init_weights()


@pytest.mark.parametrize('kind', ['9slices', '27slices', '3windows'])
def test_shipped_configs_tell_channels_apart(kind):
    config = load_config(
        CONFIGS / f'slices/mask-rcnn_r101_fpn_{kind}-12e_deeplesion.py'
    )
    backbone = MODELS.build({**config.model.backbone, 'depth': 18})
    backbone.train()
    assert backbone.conv1.weight.requires_grad
    assert not backbone.bn1.training


def test_a_module_without_convolution_is_an_error():
    with pytest.raises(ValueError, match='convolution'):
        InflatedInit('nowhere.pth')(torch.nn.ReLU())
