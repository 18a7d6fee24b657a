import pytest
import torch
from mmengine.registry import MODELS

from mmuldor.models import VGG16

# Names and shapes of torchvision's vgg16: index in `features`, out, in.
CONVOLUTIONS = (
    (0, 64, 3), (2, 64, 64), (5, 128, 64), (7, 128, 128), (10, 256, 128),
    (12, 256, 256), (14, 256, 256), (17, 512, 256), (19, 512, 512),
    (21, 512, 512), (24, 512, 512), (26, 512, 512), (28, 512, 512),
)  # fmt: skip


def torchvision_weights():
    """A state dict with torchvision's names; each filled with its index."""
    weights = {
        'classifier.0.weight': torch.zeros(3, 3),
        'classifier.0.bias': torch.zeros(3),
    }
    for index, out, inputs in CONVOLUTIONS:
        shape = (out, inputs, 3, 3)
        weights[f'features.{index}.weight'] = torch.full(shape, index / 1e5)
        weights[f'features.{index}.bias'] = torch.full((out,), index * 1.0)
    return weights


@pytest.mark.parametrize(('stride', 'side'), [(8, 12), (16, 6)])
def test_one_map_of_the_stride(stride, side):
    (features,) = VGG16(stride)(torch.zeros(1, 3, 96, 96))
    assert features.shape == (1, 512, side, side)


def test_torchvisions_weights_load_from_a_file(tmp_path):
    path = tmp_path / 'vgg16.pth'
    torch.save(torchvision_weights(), path)
    backbone = MODELS.build(
        dict(
            type='mmuldor.VGG16',
            init_cfg=dict(type='Pretrained', checkpoint=str(path)),
        )
    )
    backbone.init_weights()
    loaded = backbone.state_dict()
    wanted = torchvision_weights()
    assert set(loaded) == {name for name in wanted if 'classifier' not in name}
    for name, values in loaded.items():
        assert torch.equal(values, wanted[name])


def test_without_weights_it_is_random():
    backbone = VGG16()
    before = backbone.features[0].weight.clone()
    backbone.init_weights()
    assert not torch.equal(before, backbone.features[0].weight)
    assert not backbone.features[0].bias.any()


def test_frozen_stages_do_not_learn():
    backbone = VGG16(frozen_stages=2)
    backbone.train()
    learns = {
        name: value.requires_grad
        for name, value in backbone.named_parameters()
    }
    assert not learns['features.7.weight']
    assert learns['features.10.weight']


def test_wrong_stride():
    with pytest.raises(ValueError, match=r'`stride`.*got 4'):
        VGG16(4)
