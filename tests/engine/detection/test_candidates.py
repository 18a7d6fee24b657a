"""Which detectors can be mined."""

from pathlib import Path

import mmdet
import pytest
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmuldor.engine.mining_round import mine
from mmuldor.mining.rule import MiningRule


def test_a_model_without_masks_is_refused(dataset, root):
    init_default_scope('mmdet')
    path = root / 'configs/faster_rcnn/faster-rcnn_r18_fpn_5e_phantom.py'
    model = MODELS.build(Config.fromfile(path).model)
    with pytest.raises(ValueError, match='needs a two-stage detector with a'):
        mine(model, dataset, [], MiningRule(), 0)


def test_a_model_whose_masks_do_not_come_later_is_refused(dataset):
    init_default_scope('mmdet')
    config = Config.fromfile(
        Path(mmdet.__file__).parent
        / '.mim/configs/htc/htc-without-semantic_r50_fpn_1x_coco.py'
    )
    config.model.backbone.init_cfg = None
    model = MODELS.build(config.model)
    with pytest.raises(ValueError, match='HybridTaskCascadeRoIHead predicts'):
        mine(model, dataset, [], MiningRule(), 0)
