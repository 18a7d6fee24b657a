"""Anchors and samples for real lesions, in Mask R-CNN and in ULDor."""

import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, TASK_UTILS, init_default_scope

LEAF = """
_base_ = [
    '{root}/configs/{name}.py',
    '{root}/configs/_base_/variants/dense_anchors.py',
]
model = _base_.dense_anchors
"""
NAMES = (
    'mask_rcnn/mask-rcnn_r101_fpn_12e_deeplesion',
    'mask_rcnn/mask-rcnn_r18_fpn_5e_phantom',
    'uldor/uldor_r101_fpn_hnem-12e_deeplesion',
    'uldor/uldor_r18_fpn_hnem-2e_phantom',
)


@pytest.fixture(params=NAMES)
def config(request, root, tmp_path):
    path = tmp_path / 'leaf.py'
    path.write_text(LEAF.format(root=root, name=request.param))
    init_default_scope('mmdet')
    return Config.fromfile(path)


def test_sizes_of_the_anchors(config):
    generator = TASK_UTILS.build(config.model.rpn_head.anchor_generator)
    assert generator.num_base_priors == [9] * 5
    # The square ones: 4 strides times 1, 2 ** (1/3), 2 ** (2/3).
    sides = [
        float(box[2] - box[0])
        for level in generator.base_anchors
        for box in level[3:6]
    ]
    expected = [
        stride * 4 * 2 ** (step / 3)
        for stride in (4, 8, 16, 32, 64)
        for step in range(3)
    ]
    assert sides == pytest.approx(expected, rel=1e-5)
    assert sides[0] == 16
    assert sides[-1] == pytest.approx(406.4, abs=0.1)


def test_nothing_else_is_changed(config):
    for part in (config.model.train_cfg.rpn, config.model.train_cfg.rcnn):
        assert part.sampler.num == 64
        assert part.sampler.type == 'RandomSampler'
        assert part.assigner.ignore_iof_thr == 0.5
    assert config.model.train_cfg.rpn.assigner.pos_iou_thr == 0.6
    assert config.model.train_cfg.rpn.assigner.neg_iou_thr == 0.3
    assert config.model.train_cfg.rcnn.assigner.pos_iou_thr == 0.5


def test_the_head_has_nine_scores_a_place(config):
    config.model.backbone.init_cfg = None
    model = MODELS.build(config.model)
    assert model.rpn_head.rpn_cls.out_channels == 9
    assert model.rpn_head.rpn_reg.out_channels == 36
