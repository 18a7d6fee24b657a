"""Heads in mixed precision keep their coordinates."""

import pytest
import torch
from mmdet.models.dense_heads import FCOSHead, RetinaHead, RPNHead
from mmdet.models.task_modules import HungarianAssigner
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData

import mmuldor.models  # noqa: F401
from mmuldor.models.exact.head_outputs import at_least_float32
from tests.support.small_configs import CONFIGS, untrained

SIDE = 512
STRIDES = (4, 8, 16, 32, 64)
METAS = [dict(img_shape=(SIDE, SIDE), scale_factor=(1.0, 1.0))]
TEST = ConfigDict(
    nms_pre=2000,
    max_per_img=1000,
    nms=dict(type='nms', iou_threshold=0.7),
    min_bbox_size=0,
    score_thr=0.0,
)


def maps():
    torch.manual_seed(0)
    return [torch.randn(1, 8, SIDE // s, SIDE // s) for s in STRIDES]


def rpn():
    torch.manual_seed(0)
    return RPNHead(
        in_channels=8,
        feat_channels=8,
        anchor_generator=dict(
            type='AnchorGenerator',
            base_sizes=[16, 24, 32, 48, 96],
            scales=[1],
            ratios=[0.5, 1.0, 2.0],
            strides=STRIDES,
        ),
        train_cfg=None,
        test_cfg=TEST,
    ).eval()


@torch.no_grad()
def test_proposals_of_bfloat16_maps_are_not_rounded():
    head, features = rpn(), maps()
    with torch.autocast('cpu', torch.bfloat16):
        raw = head.forward(features)
        outputs = head(features)
        found = head.predict_by_feat(*outputs, batch_img_metas=METAS)[0]
    # Autocast is at work.
    assert raw[0][0].dtype == torch.bfloat16
    expected = head.predict_by_feat(
        *at_least_float32(raw), batch_img_metas=METAS
    )[0]
    torch.testing.assert_close(found.bboxes, expected.bboxes)
    torch.testing.assert_close(found.scores, expected.scores)
    # bfloat16 has even numbers only from there on.
    far = found.bboxes[:, 2][found.bboxes[:, 2] > SIDE / 2]
    assert (far[far < SIDE] % 1).unique().numel() > 100


@pytest.mark.parametrize('kind', [FCOSHead, RetinaHead])
@torch.no_grad()
def test_other_dense_heads(kind):
    head = kind(1, 8, feat_channels=8, stacked_convs=1, norm_cfg=None)
    with torch.autocast('cpu', torch.bfloat16):
        outputs = head([torch.randn(1, 8, 8, 8)] * 5)
    assert {level.dtype for part in outputs for level in part} == {
        torch.float32
    }


@torch.no_grad()
def test_queries_in_mixed_precision_keep_their_boxes():
    path = CONFIGS / 'detectors/dino-4scale_r18_5e_phantom.py'
    head = untrained(Config.fromfile(path)).bbox_head.eval()
    layers, queries, channels = 3, 20, head.embed_dims
    # Larger than what the last layers add, which begin at zero.
    references = [torch.rand(1, queries, 4) for _ in range(layers)]
    hidden = torch.randn(layers, 1, queries, channels)
    classes, boxes = head(hidden, references)
    with torch.autocast('cpu', torch.bfloat16):
        mixed_classes, mixed = head(hidden, references)
    torch.testing.assert_close(mixed, boxes)
    torch.testing.assert_close(mixed_classes, classes)


def test_queries_are_matched_in_float32(monkeypatch):
    """Those of the encoder, too, which the head does not compute."""
    seen = []
    assign = HungarianAssigner.assign

    def watched(self, pred_instances, *args, **kwargs):
        seen.append((pred_instances.scores.dtype, pred_instances.bboxes.dtype))
        return assign(self, pred_instances, *args, **kwargs)

    monkeypatch.setattr(HungarianAssigner, 'assign', watched)
    config = Config.fromfile(
        CONFIGS / 'detectors/dino-4scale_r18_5e_phantom.py'
    )
    config.model.num_queries = config.model.test_cfg.max_per_img = 20
    model = untrained(config).train()
    sample = DetDataSample(
        metainfo=dict(img_id=1, img_shape=(96, 96), ori_shape=(96, 96))
    )
    sample.gt_instances = InstanceData(
        bboxes=torch.tensor([[10.0, 10, 40, 40]]), labels=torch.tensor([0])
    )
    images = 255 * torch.rand(1, 3, 96, 96)
    sample.set_metainfo(dict(batch_input_shape=(96, 96)))
    with torch.autocast('cpu', torch.bfloat16):
        losses = model.loss(images, [sample])
    assert 'enc_loss_cls' in losses
    # The decoder's layers and the encoder.
    assert len(seen) > 1
    assert set(seen) == {(torch.float32, torch.float32)}


def test_what_is_no_float_stays():
    value = ((torch.ones(1).half(), None), [torch.ones(1).long(), 'x'])
    (half, none), (whole, text) = at_least_float32(value)
    assert half.dtype == torch.float32
    assert (none, whole.dtype, text) == (None, torch.int64, 'x')
    double = torch.ones(1).double()
    assert at_least_float32(double) is double
