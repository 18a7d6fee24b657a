"""A detector and a data set that are mined."""

import pytest
import torch
from mmengine.registry import DATASETS, init_default_scope

from tests.support.small_configs import untrained


@pytest.fixture
def detector(mini_config):
    """An untrained detector whose scores and masks vary."""
    model = untrained(mini_config)
    with torch.no_grad():
        model.roi_head.bbox_head.fc_cls.weight.mul_(60)
        model.roi_head.mask_head.conv_logits.weight.mul_(30)
    return model.eval()


@pytest.fixture
def dataset(mini_config):
    init_default_scope('mmdet')
    return DATASETS.build(mini_config.train_dataloader.dataset)
