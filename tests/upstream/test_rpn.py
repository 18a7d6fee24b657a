"""What mmdet's RPN finds before its NMS."""

import inspect

import pytest
import torch
from mmdet.models.dense_heads import RPNHead
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import MODELS, init_default_scope

from mmuldor.upstream.rpn import boxes_before_nms, is_plain_rpn

META = dict(img_shape=(64, 60), scale_factor=(1.0, 1.0))


@pytest.fixture
def head():
    init_default_scope('mmdet')
    torch.manual_seed(0)
    anchors = dict(
        type='AnchorGenerator', scales=[4], ratios=[1.0], strides=[4, 8]
    )
    test_cfg = ConfigDict(
        nms_pre=50, max_per_img=20, nms=dict(type='nms', iou_threshold=0.5)
    )
    head = MODELS.build(
        dict(
            type='RPNHead',
            in_channels=4,
            feat_channels=4,
            anchor_generator=anchors,
            test_cfg=test_cfg,
        )
    )
    return head.eval()


def maps():
    return [torch.randn(2, 4, side, side) for side in (16, 8)]


def test_the_private_method_has_our_arguments():
    signature = inspect.signature(RPNHead._bbox_post_process)
    assert list(signature.parameters)[:2] == ['self', 'results']
    assert '_bbox_post_process' in inspect.getsource(
        RPNHead._predict_by_feat_single
    )


@torch.no_grad()
def test_the_nms_of_them_is_what_mmdet_predicts(head):
    """mmdet's step, done afterwards on ours, gives mmdet's proposals."""
    features = maps()
    raw = boxes_before_nms(head, features, [META, META])
    samples = [DetDataSample(metainfo=META) for _ in range(2)]
    expected = head.predict(features, samples, rescale=False)
    for part, wanted in zip(raw, expected, strict=True):
        # The best 50 of each level.
        assert torch.bincount(part.level_ids).tolist() == [50, 50]
        found = head._bbox_post_process(part, head.test_cfg, img_meta=META)
        assert len(found) == len(wanted) == 20
        assert torch.equal(found.bboxes, wanted.bboxes)
        assert torch.equal(found.scores, wanted.scores)


def test_the_head_stays_as_it_is(head):
    with torch.no_grad():
        boxes_before_nms(head, maps(), [META, META])
    assert '_bbox_post_process' not in vars(head)


@pytest.mark.parametrize(
    'name',
    [
        *('predict', 'predict_by_feat', '_predict_by_feat_single'),
        '_bbox_post_process',
    ],
)
def test_a_head_with_a_step_of_its_own_is_not_plain(head, name):
    assert is_plain_rpn(head)
    step = getattr(RPNHead, name)
    head.__class__ = type(
        'Own', (RPNHead,), {name: lambda *a, **k: step(*a, **k)}
    )
    assert not is_plain_rpn(head)


def test_another_layer_is_not_plain():
    assert not is_plain_rpn(torch.nn.Linear(1, 1))
