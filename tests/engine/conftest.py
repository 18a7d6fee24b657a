"""A Mask R-CNN small enough for a test, on the mini data set."""

import pytest
from mmengine.config import Config


@pytest.fixture
def mini_config(root, mini_data, tmp_path):
    """The phantom's HNEM config on 64 px images; scores of noise count."""
    config = Config.fromfile(
        root / 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'
    )
    config.work_dir = str(tmp_path / 'work')
    config.log_level = 'WARNING'
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.dataset.data_root = str(mini_data)
        loader.num_workers, loader.persistent_workers = 0, False
    for split in ('val', 'test'):
        config[f'{split}_evaluator'].ann_file = str(
            mini_data / f'{split}.json'
        )
    config.model.backbone.base_channels = 8
    config.model.neck.in_channels = [8, 16, 32, 64]
    config.model.train_cfg.rpn_proposal.max_per_img = 20
    config.model.test_cfg.rpn.max_per_img = 20
    config.train_cfg.max_epochs = 3
    config.train_cfg.val_interval = 3
    config.default_hooks.checkpoint.save_best = None
    config.default_hooks.checkpoint.rule = None
    config.default_hooks.hnem.update(
        mine_before_training=False,
        num_workers=0,
        min_score=0.0,
        score_thr=0.0,
        hit_iou=0.999,
        max_iou=2.0,
    )
    config.randomness = dict(seed=0)
    return config
