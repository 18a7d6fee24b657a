import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from mmuldor.models import DenseNet
from mmuldor.models.inflated_init import inflate

SMALL = dict(block_layers=(2, 1), growth_rate=4, stem_channels=8)


def small(**kwargs):
    torch.manual_seed(0)
    backbone = DenseNet(**SMALL, **kwargs)
    backbone.init_weights()
    return backbone


def parameters(module):
    return sum(value.numel() for value in module.parameters())


def test_the_truncated_network_has_its_known_size():
    # torchvision's densenet121 has 6,953,856 parameters in `features`. Less:
    # transition3, 2 x 1024 + 1024 x 512; block 4 of 16 layers with 512, 544,
    # ... 992 = 12,032 inputs, each 130 an input + 256 + 128 x 32 x 9; norm5.
    transition3 = 2 * 1024 + 1024 * 512
    block4 = 130 * 12_032 + 16 * (256 + 128 * 32 * 9)
    norm5 = 2 * 1024
    assert parameters(DenseNet()) == 4_267_392
    assert 6_953_856 - transition3 - block4 - norm5 == 4_267_392
    whole = DenseNet((6, 12, 24, 16))
    assert parameters(whole) == 6_953_856 - norm5
    assert whole.out_channels == [256, 512, 1024, 1024]


def test_maps_for_a_pyramid():
    backbone = DenseNet().eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 64, 96))
    assert backbone.out_channels == [256, 512, 1024]
    assert backbone.strides == [4, 8, 16]
    assert [tuple(level.shape) for level in maps] == [
        (1, 256, 16, 24),
        (1, 512, 8, 12),
        (1, 1024, 4, 6),
    ]


def torchvision_shapes():
    """Names and shapes of torchvision's densenet121, up to block 3."""
    shapes = {'features.conv0.weight': (64, 3, 7, 7)}
    norms = {'features.norm0': 64}
    channels = 64
    for block, layers in ((1, 6), (2, 12), (3, 24)):
        for layer in range(1, layers + 1):
            name = f'features.denseblock{block}.denselayer{layer}'
            norms |= {f'{name}.norm1': channels, f'{name}.norm2': 128}
            shapes[f'{name}.conv1.weight'] = (128, channels, 1, 1)
            shapes[f'{name}.conv2.weight'] = (32, 128, 3, 3)
            channels += 32
        if block < 3:
            name = f'features.transition{block}'
            norms[f'{name}.norm'] = channels
            shapes[f'{name}.conv.weight'] = (channels // 2, channels, 1, 1)
            channels //= 2
    for name, number in norms.items():
        for part in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{name}.{part}'] = (number,)
        shapes[f'{name}.num_batches_tracked'] = ()
    return shapes


def test_names_are_torchvisions():
    state = DenseNet().state_dict()
    found = {name: tuple(value.shape) for name, value in state.items()}
    assert found == torchvision_shapes()


def old(name):
    """The name in files of 2017: ``norm.1`` for ``norm1``."""
    for part in ('norm', 'conv'):
        for number in '12':
            name = name.replace(f'.{part}{number}.', f'.{part}.{number}.')
    return name


@pytest.mark.parametrize('rename', [str, old])
@pytest.mark.parametrize('in_channels', [3, 9])
def test_imagenet_weights_load(tmp_path, rename, in_channels):
    state = small().state_dict()
    for number, value in enumerate(state.values()):
        value.fill_(number)
    written = {rename(name): value for name, value in state.items()}
    assert (written.keys() == state.keys()) == (rename is str)
    # What the truncated network lacks.
    written['features.norm5.weight'] = written['classifier.bias'] = (
        torch.zeros(4)
    )
    torch.save(written, tmp_path / 'densenet.pth')
    kind = 'Pretrained' if in_channels == 3 else 'mmuldor.InflatedInit'
    init_cfg = dict(type=kind, checkpoint=str(tmp_path / 'densenet.pth'))
    backbone = MODELS.build(
        dict(
            SMALL,
            type='mmuldor.DenseNet',
            in_channels=in_channels,
            init_cfg=init_cfg,
        )
    )
    backbone.init_weights()
    first = 'features.conv0.weight'
    for name, value in backbone.state_dict().items():
        wanted = state[name]
        if name == first:
            wanted = inflate(wanted, in_channels)
        assert torch.equal(value, wanted), name


def test_a_layer_sees_all_maps_before_it():
    block = small().eval().features['denseblock1']
    x = torch.rand(1, 8, 6, 6)
    with torch.no_grad():
        first = block['denselayer1']([x])
        second = block['denselayer2']([x, first])
        expected = torch.cat([x, first, second], dim=1)
        assert torch.equal(block(x), expected)


def test_a_layer_is_norm_relu_convolution_twice():
    layer = small().eval().features['denseblock1']['denselayer1']
    nn.init.ones_(layer.conv1.weight)
    nn.init.ones_(layer.conv2.weight)
    one = torch.ones(1, 8, 3, 3)
    one[:, :4] = -1
    # The norms start as x / sqrt(1 + 1e-5): ReLU leaves 4 of 8 channels, so
    # conv1 gives 4; conv2 sums 16 channels x 9 pixels = 576 in the middle and
    # 16 x 4 x 4 = 256 in a corner.
    with torch.no_grad():
        found = layer([one])
    assert found.shape == (1, 4, 3, 3)
    assert found[0, 0, 1, 1].item() == pytest.approx(576, rel=1e-4)
    assert found[0, 3, 0, 2].item() == pytest.approx(256, rel=1e-4)


def gradients(backbone):
    torch.manual_seed(1)
    image = torch.rand(2, 3, 32, 32, requires_grad=True)
    sum(level.square().mean() for level in backbone.train()(image)).backward()
    found = {n: p.grad for n, p in backbone.named_parameters()}
    return {**found, 'image': image.grad}


def test_every_weight_learns_and_less_memory_gives_the_same_gradients():
    found, saving = gradients(small()), gradients(small(with_cp=True))
    assert all(value.abs().sum() > 0 for value in found.values())
    for name, value in found.items():
        torch.testing.assert_close(saving[name], value)


def test_frozen_parts_do_not_learn():
    backbone = small(frozen_stages=1).train()
    learns = {
        name for name, p in backbone.named_parameters() if p.requires_grad
    }
    assert learns == {
        name
        for name, _ in backbone.named_parameters()
        if name.startswith('features.denseblock2')
    }
    training = {n for n, m in backbone.named_modules() if m.training}
    assert 'features.transition1.norm' not in training
    assert 'features.denseblock2.denselayer1.norm1' in training


def test_norms_keep_their_statistics():
    backbone = small(norm_eval=True)
    before = {n: b.clone() for n, b in backbone.named_buffers()}
    gradients(backbone)
    assert backbone.features['norm0'].weight.requires_grad
    for name, buffer in backbone.named_buffers():
        assert torch.equal(buffer, before[name])


@pytest.mark.parametrize('stages', [-2, 3])
def test_wrong_frozen_stages(stages):
    with pytest.raises(ValueError, match=rf'-1 to 2.*got {stages}'):
        small(frozen_stages=stages)
