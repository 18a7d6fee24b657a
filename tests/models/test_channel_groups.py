import pytest
import torch

from mmuldor.models import GroupedBackbone, GroupFusionNeck

BACKBONE = dict(type='mmdet.ResNet', depth=18, base_channels=8)
NECK = dict(
    type='mmdet.FPN',
    in_channels=[8, 16, 32, 64],
    out_channels=16,
    num_outs=5,
)


def built(**kwargs):
    torch.manual_seed(0)
    backbone = GroupedBackbone(BACKBONE).eval()
    neck = GroupFusionNeck(NECK, 3, **kwargs).eval()
    neck.init_weights()
    return backbone, neck


def alone(backbone, neck, image):
    """What the wrapped parts say to one group."""
    return neck.neck(backbone.backbone(image))


@pytest.mark.parametrize(('start', 'group'), [('middle', 1), (2, 2)])
def test_the_fusion_starts_as_one_group(start, group):
    backbone, neck = built(start=start)
    images = torch.randn(2, 9, 64, 64)
    with torch.no_grad():
        found = neck(backbone(images))
        part = images[:, 3 * group : 3 * group + 3]
        expected = alone(backbone, neck, part)
    assert len(found) == 5
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_the_fusion_starts_as_the_mean_of_the_groups():
    backbone, neck = built(start='mean')
    images = torch.randn(1, 9, 64, 64)
    with torch.no_grad():
        found = neck(backbone(images))[0]
        parts = [alone(backbone, neck, p)[0] for p in images.split(3, dim=1)]
    expected = torch.stack(parts).mean(dim=0)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('attention', [False, True])
def test_every_group_is_learned_from(attention):
    backbone, neck = built(attention=attention)
    images = torch.randn(1, 9, 64, 64, requires_grad=True)
    neck(backbone(images))[0].square().sum().backward()
    grads = neck.fusion.weight.grad.reshape(16, 3, 16).abs().sum(dim=(0, 2))
    assert (grads > 0).all()
    assert images.grad[:, 3:6].abs().sum() > 0
    if attention:
        assert neck.attention.conv1.conv.weight.grad.abs().sum() > 0


def test_attention_changes_with_the_image():
    _, neck = built(attention=True)
    one, other = torch.randn(2, 1, 48, 4, 4)
    with torch.no_grad():
        gates = [neck.attention(x) / x for x in (one, other)]
    assert gates[0].std(dim=(2, 3)).max() < 1e-5
    assert (gates[0] - gates[1]).abs().max() > 1e-4


def test_channels_that_make_no_groups_are_an_error():
    with pytest.raises(ValueError, match=r'10 channels.*num_slices'):
        GroupedBackbone(BACKBONE)(torch.zeros(1, 10, 64, 64))


def test_an_unknown_start_is_an_error():
    with pytest.raises(ValueError, match='0 to 2'):
        GroupFusionNeck(NECK, 3, start=3)
