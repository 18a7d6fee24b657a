"""Random parts of slices keep lesions under their boxes and masks."""

import numpy as np
import pytest
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import TRANSFORMS, init_default_scope

from mmuldor.apis.browse import build_split
from mmuldor.datasets.samplers import EpochIndex
from tests.support.small_configs import (
    narrow_mask_rcnn,
    read_mini_data,
    untrained,
)


@pytest.fixture
def crop(root):
    """LoadAnnotations and the crop, as pipelines have them."""
    init_default_scope('mmdet')
    file = root / 'configs/_base_/variants/position_jitter.py'
    load = dict(type='LoadAnnotations', with_bbox=True, with_mask=True)
    load['poly2mask'] = False
    steps = load, Config.fromfile(file).position_jitter
    return Compose([TRANSFORMS.build(step) for step in steps])


def an_image(x1, y1, x2, y2):
    """100 x 80 px, 1 in a box and 0 elsewhere."""
    image = np.zeros((80, 100, 3), np.float32)
    image[y1:y2, x1:x2] = 1
    corners = np.array([x1, y1, x2, y1, x2, y2, x1, y2], dtype=float)
    lesion = {'bbox': [x1, y1, x2, y2], 'bbox_label': 0, 'ignore_flag': 0}
    lesion['mask'] = [corners]
    return {
        'img': image,
        'img_shape': (80, 100),
        'ori_shape': (80, 100),
        'height': 80,
        'width': 100,
        'instances': [lesion],
    }


def test_boxes_and_masks_move_with_the_image(crop):
    np.random.seed(0)
    moved = set()
    for _ in range(200):
        found = crop(an_image(40, 30, 60, 50))
        assert found['img'].shape == (72, 90, 3)
        (box,) = found['gt_bboxes'].tensor.numpy()
        x1, y1, x2, y2 = map(int, box)
        assert (x2 - x1, y2 - y1) == (20, 20)
        assert found['img'][y1:y2, x1:x2].all()
        assert found['img'].sum() == 20 * 20 * 3
        ((polygon,),) = found['gt_masks'].masks
        outline = polygon.reshape(-1, 2)
        assert [*outline.min(axis=0), *outline.max(axis=0)] == box.tolist()
        moved.add((40 - x1, 30 - y1))
    # A tenth of each side is left out: 0 to 10 columns and 0 to 8 rows.
    assert {x for x, _ in moved} == set(range(11))
    assert {y for _, y in moved} == set(range(9))


def test_a_lesion_at_the_border_is_cut_or_left_out(crop):
    np.random.seed(0)
    widths = set()
    for _ in range(200):
        found = crop(an_image(0, 30, 6, 50))
        assert len(found['gt_masks']) == len(found['gt_bboxes'])
        box = found['gt_bboxes'].tensor.numpy()
        width = int(box[0, 2] - box[0, 0]) if len(box) else 0
        assert found['img'].sum() == width * 20 * 3
        widths.add(width)
    assert widths == set(range(7))


@pytest.mark.parametrize('size', ['r101_fpn', 'r18_fpn'])
def test_an_image_is_drawn_by_seed_and_epoch(root, mini_data, size):
    folder = root / 'configs/blocks/data'
    (path,) = folder.glob(f'mask-rcnn_{size}_jitter-*.py')
    config = Config.fromfile(path)
    read_mini_data(config, mini_data)
    types = [step['type'] for step in config.train_pipeline]
    assert types[4:6] == ['mmuldor.RandomResizeToSpacing', 'RandomCrop']
    for pipeline in (config.val_loss_pipeline, config.test_pipeline):
        assert 'RandomCrop' not in [step['type'] for step in pipeline]
    images = build_split(config, 'train')
    first, again, later = (
        images[EpochIndex(0, 3, epoch)] for epoch in (1, 1, 2)
    )
    assert (first['inputs'] == again['inputs']).all()
    assert first['inputs'].shape != later['inputs'].shape


def test_a_part_without_lesions_can_be_learnt(mini_data):
    config = narrow_mask_rcnn()
    read_mini_data(config, mini_data)
    sample = build_split(config, 'train')[0]
    kept = sample['data_samples'].gt_instances
    sample['data_samples'].gt_instances = kept[:0]
    model = untrained(config).train()
    batch = model.data_preprocessor(pseudo_collate([sample]), True)
    assert len(batch['data_samples'][0].gt_instances) == 0
    losses = model(**batch, mode='loss')
    total, parts = model.parse_losses(losses)
    total.backward()
    assert total.isfinite()
    # Background is learnt, and no box or mask.
    assert parts['loss_rpn_cls'] > 0
    assert parts['loss_cls'] > 0
    assert parts['loss_bbox'] == parts['loss_mask'] == 0
