"""Configs that are small enough for a test, and weights for them."""

import json
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmuldor.apis import train_detector
from mmuldor.apis.lesion_detector import LesionDetector
from mmuldor.models.pretrained.ct_pretrained_init import is_ct_pretrained

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SMALL = sorted((CONFIGS / 'detectors').glob('*_phantom.py'))


def read_mini_data(config, mini_data):
    """Let all splits come from a mini data set, in the test's own process."""
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        if loader is None:
            continue
        loader.dataset.data_root = str(mini_data)
        loader.num_workers, loader.persistent_workers = 0, False
        if split != 'train':
            file = str(mini_data / f'{split}.json')
            config[f'{split}_evaluator'].ann_file = file


def make_narrow(config):
    """An eighth of a ResNet-18's channels."""
    config.model.backbone.base_channels = 8
    config.model.neck.in_channels = [8, 16, 32, 64]


def narrow_mask_rcnn():
    """The phantom's one-class Mask R-CNN, narrow."""
    config = Config.fromfile(
        CONFIGS / 'mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
    )
    make_narrow(config)
    return config


def drop_package(config):
    """Let a backbone start from random weights, not from a package's."""
    backbone = config.model.backbone
    if is_ct_pretrained(backbone.get('init_cfg') or {}):
        backbone.init_cfg = None


def untrained(config):
    """A config's model as it starts, always with the same weights."""
    init_default_scope('mmdet')
    drop_package(config)
    torch.manual_seed(0)
    model = MODELS.build(config.model)
    model.init_weights()
    return model


def save_untrained(config, path):
    """A checkpoint of a config's model as it starts; the path as text."""
    torch.save({'state_dict': untrained(config).state_dict()}, path)
    return str(path)


def configure(path, mini_data, tmp_path):
    """Two iterations on four of the mini data set's images."""
    config = Config.fromfile(path)
    config.work_dir, config.log_level = str(tmp_path / 'work'), 'WARNING'
    read_mini_data(config, mini_data)
    drop_package(config)
    config.train_dataloader.dataset.indices = 4
    if 'num_queries' in config.model:
        # No more than an image of 64 px has places.
        config.model.num_queries = config.model.test_cfg.max_per_img = 20
    config.train_cfg.update(max_epochs=1, val_interval=1)
    return config


# A config with a variant of the pseudo masks, as one writes it.
_MASKS = """
_base_ = [
    '{configs}/{name}.py',
    '{configs}/_base_/variants/{variant}.py',
]
train_pipeline = _base_.train_pipeline
val_loss_pipeline = _base_.val_loss_pipeline
for pipeline in (train_pipeline, val_loss_pipeline):
    pipeline[2].update(_base_.{variant})
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
"""


def with_masks(name, variant, folder):
    """A config of the project with a variant of its pseudo masks."""
    path = folder / 'leaf.py'
    path.write_text(_MASKS.format(configs=CONFIGS, name=name, variant=variant))
    return Config.fromfile(path)


def train_briefly(path, mini_data, tmp_path):
    """The validation loss of two iterations, and a detector with its weights.

    The detector shows every detection, whatever its score.
    """
    train_detector(configure(path, mini_data, tmp_path))
    scalars = sorted((tmp_path / 'work').glob('*/vis_data/scalars.json'))
    last = json.loads(scalars[-1].read_text().splitlines()[-1])
    config = configure(path, mini_data, tmp_path)
    weights = str(tmp_path / 'work/epoch_1.pth')
    return last['val_loss'], LesionDetector(config, weights, 'cpu', 0.0)
