"""Proposals of a batch are those that mmdet finds image by image."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import MODELS, init_default_scope

from mmuldor.engine.detection.proposals import proposals
from mmuldor.engine.detection.slice_proposals import slice_proposals


@pytest.fixture
def head(mini_config):
    init_default_scope('mmdet')
    torch.manual_seed(0)
    model = MODELS.build(mini_config.model)
    model.init_weights()
    head = model.rpn_head.eval()
    # Boxes and scores that differ.
    for layer in (head.rpn_cls, head.rpn_reg):
        torch.nn.init.normal_(layer.weight, std=0.3)
    return head


def maps(images, channels=64):
    generator = torch.Generator().manual_seed(1)
    return [
        torch.randn(images, channels, 64 // s, 64 // s, generator=generator)
        for s in (2, 4, 8, 16, 32)
    ]


def samples(images):
    facts = dict(img_shape=(64, 60), scale_factor=(1.0, 1.0))
    return [DetDataSample(metainfo=facts) for _ in range(images)]


@pytest.mark.parametrize('smallest', [-1, 0, 5])
@torch.no_grad()
def test_they_are_mmdets(head, smallest):
    head.test_cfg.update(min_bbox_size=smallest, nms_pre=100, max_per_img=40)
    channels = head.rpn_conv.in_channels
    features = maps(5, channels)
    expected = head.predict(features, samples(5), rescale=False)
    found = proposals(head, features, samples(5))
    for one, other in zip(found, expected, strict=True):
        assert len(one) == len(other) > 5
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
        np.testing.assert_allclose(one.bboxes, other.bboxes, atol=1e-3)
        assert one.labels.dtype == other.labels.dtype


@pytest.mark.parametrize('sigmoid', [True, False])
@pytest.mark.parametrize('nms_pre', [50, 100, 0])
@pytest.mark.parametrize('images', [1, 3])
@torch.no_grad()
def test_those_of_slices_are_mmdets(
    mini_config, head, images, nms_pre, sigmoid
):
    if not sigmoid:
        settings = {**mini_config.model.rpn_head, 'test_cfg': head.test_cfg}
        settings['loss_cls'] = dict(type='CrossEntropyLoss')
        head = MODELS.build(settings).eval()
        for layer in (head.rpn_cls, head.rpn_reg):
            torch.nn.init.normal_(layer.weight, std=0.3)
    head.test_cfg.update(min_bbox_size=5, nms_pre=nms_pre, max_per_img=40)
    features = maps(images, head.rpn_conv.in_channels)
    expected = head.predict(features, samples(images), rescale=False)
    metas = [sample.metainfo for sample in samples(images)]
    found = slice_proposals(head, head(features), metas)
    for one, other in zip(found, expected, strict=True):
        assert len(one) == len(other) > 5
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-5)
        np.testing.assert_allclose(one.bboxes, other.bboxes, atol=1e-3)
        assert one.labels.dtype == other.labels.dtype


@torch.no_grad()
def test_the_coarsest_cells_of_a_window_lie_where_they_begin(head):
    """In a window from column 32 on, the first cell of 64 px is at 64."""
    scores, deltas = head(maps(1, head.rpn_conv.in_channels))
    assert head.prior_generator.strides[4] == (64, 64)
    scores = [torch.full_like(level, -20.0) for level in scores]
    scores[4][0, 0, 1, 1] = 20.0
    deltas = [torch.zeros_like(level) for level in deltas]
    head.test_cfg.update(max_per_img=1)
    corners = []
    for offset in ((0, 0), (32, 64), (64, 96)):
        meta = dict(img_shape=(2000, 2000), window_offset=offset)
        (found,) = slice_proposals(head, (scores, deltas), [meta])
        # The right and the bottom, which no border cuts.
        corners.append(found.bboxes[0, 2:])
    for corner, moved in zip(corners[1:], ([32, 0], [0, 32]), strict=True):
        by = corner - corners[0]
        assert by.tolist() == pytest.approx(moved, abs=1e-3)


@torch.no_grad()
def test_an_image_without_any(head):
    head.test_cfg.update(min_bbox_size=10**6)
    features = maps(2, head.rpn_conv.in_channels)
    found = proposals(head, features, samples(2))
    assert [len(part) for part in found] == [0, 0]


@torch.no_grad()
def test_another_kind_of_head_is_left_to_mmdet(head):
    class Own(type(head)):
        def _bbox_post_process(self, results, **kwargs):
            return results[:3]

    head.__class__ = Own
    features = maps(2, head.rpn_conv.in_channels)
    found = proposals(head, features, samples(2))
    assert [len(part) for part in found] == [3, 3]
