import copy
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from mmengine.registry import MODELS

from mmuldor.models import ContextBackbone

DENSENET = dict(
    type='mmuldor.DenseNet',
    block_layers=(2, 1),
    growth_rate=4,
    stem_channels=16,
    in_channels=1,
)
RESNET = dict(type='mmdet.ResNet', depth=18, base_channels=8, in_channels=1)
A3D = dict(type='mmuldor.A3D')
SHIFT = dict(type='mmuldor.AlignShift')


def built(backbone=DENSENET, num_slices=3, fusion=A3D, **kwargs):
    torch.manual_seed(0)
    model = ContextBackbone(backbone, num_slices, fusion, **kwargs)
    model.init_weights()
    return model.eval()


def plain(model, backbone=DENSENET):
    """The backbone of a model without its fusions."""
    alone = MODELS.build(backbone)
    alone.load_state_dict(model.backbone.state_dict())
    # That of ResNet returns nothing.
    alone.eval()
    return alone


def with_interval(x, interval_mm):
    plane = torch.full_like(x[:, :1], interval_mm)
    return torch.cat([x, plane], dim=1)


@pytest.mark.parametrize('backbone', [DENSENET, RESNET])
@pytest.mark.parametrize('num_slices', [3, 7, 9])
def test_without_fusion_it_sees_the_key_slice(backbone, num_slices):
    model = built(backbone, num_slices, dict(A3D, noise=0.0))
    x = torch.rand(2, num_slices, 64, 64)
    key = num_slices // 2
    with torch.no_grad():
        expected = plain(model, backbone)(x[:, key : key + 1])
        for one, other in zip(model(x), expected, strict=True):
            torch.testing.assert_close(one, other)


def test_which_convolutions_are_fused():
    # Two a layer of the DenseNet, 3 layers, and two a block of ResNet-18,
    # 8 blocks: not the stem, which ResNet calls conv1, too.
    assert len(built().fusions) == 6
    assert len(built(RESNET).fusions) == 16
    assert len(built(RESNET, layers=r'layer1\..+\.conv1').fusions) == 2
    with pytest.raises(ValueError, match=r"'conv7'.*names none"):
        built(layers='conv7')


def test_weights_keep_their_names():
    names = {
        name.removeprefix('backbone.')
        for name in built().state_dict()
        if name.startswith('backbone.')
    }
    assert 'features.denseblock1.denselayer1.conv1.weight' in names
    assert not [name for name in names if 'fusion' in name]


@pytest.mark.parametrize('num_slices', [3, 7])
def test_every_slice_is_learned_from(num_slices):
    model = built(num_slices=num_slices).train()
    x = torch.rand(2, num_slices, 32, 32, requires_grad=True)
    sum(level.square().mean() for level in model(x)).backward()
    assert (x.grad.abs().sum(dim=(0, 2, 3)) > 0).all()
    for fusion in model.fusions:
        assert fusion.weight.grad.abs().sum() > 0


def test_windows_are_channels_of_a_slice():
    backbone = dict(DENSENET, in_channels=2)
    model = built(backbone, 3, dict(A3D, noise=0.0))
    # Ordered by window, then by slice: the key slice is channels 1 and 4.
    x = torch.rand(1, 6, 32, 32)
    with torch.no_grad():
        expected = plain(model, backbone)(x[:, [1, 4]])
        torch.testing.assert_close(model(x), expected)


def test_maps_of_all_slices():
    x = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        key, every = built()(x), built(outputs='all')(x)
    for one, other in zip(key, every, strict=True):
        assert len(other) == 6
        torch.testing.assert_close(one, other[[1, 4]])


def test_the_shift_depends_on_the_distance_of_the_slices():
    model, x = built(fusion=SHIFT), torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        near, thick, far, still = (
            model(with_interval(x, 2.0))[1],
            model(with_interval(x, 5.0))[1],
            model(with_interval(x, 1e9))[1],
            plain(model)(x[:, 1:2])[1],
        )
    torch.testing.assert_close(far, still)
    assert (near - still).abs().max() > (thick - still).abs().max() > 1e-4


def test_threads_have_intervals_of_their_own():
    model, x = built(fusion=SHIFT), torch.rand(1, 3, 64, 64)
    images = [with_interval(x, mm) for mm in (2.0, 5.0) * 8]

    def run(image):
        with torch.no_grad():
            return model(image)[1]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, images))
    for image, one in zip(images, found, strict=True):
        torch.testing.assert_close(one, run(image))


@pytest.mark.parametrize('fusion', [A3D, SHIFT])
def test_less_memory_gives_the_same_gradients(fusion):
    found = []
    for with_cp in (False, True):
        model = built(dict(DENSENET, with_cp=with_cp), fusion=fusion).train()
        x = torch.rand(
            2, 3, 32, 32, generator=torch.Generator().manual_seed(0)
        )
        if fusion is SHIFT:
            x = with_interval(x, 5.0)
        sum(level.square().mean() for level in model(x)).backward()
        found.append([p.grad for p in model.parameters()])
    torch.testing.assert_close(found[0], found[1])


def test_a_copy_has_fusions_of_its_own():
    model = built()
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for fusion in model.fusions:
            fusion.weight.zero_()
        x = torch.rand(1, 3, 32, 32)
        assert (copied(x)[1] - model(x)[1]).abs().max() > 1e-4


@pytest.mark.parametrize(
    ('kwargs', 'match'),
    [
        ({'num_slices': 4}, r'`num_slices` must be odd.*got 4'),
        ({'outputs': 'mean'}, r"`outputs`.*got 'mean'"),
    ],
)
def test_wrong_values(kwargs, match):
    with pytest.raises(ValueError, match=match):
        built(**kwargs)


def test_channels_that_are_no_slices_are_an_error():
    with pytest.raises(ValueError, match=r'4 channels.*`num_slices`, 3'):
        built()(torch.zeros(1, 4, 32, 32))
    with pytest.raises(ValueError, match=r'2 channels.*interval_channel'):
        built(fusion=SHIFT)(torch.zeros(1, 3, 32, 32))
