"""Cropping to the body changes places of nothing that comes out.

Slices with a body in air, cropped by the pipeline, against the same crops as
images of their own: the network sees the same, so results differ by the
crop's corner alone.
"""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import Runner

from mmuldor.apis.browse import build_split
from mmuldor.apis.checks.config import check_config
from mmuldor.apis.configs.crops import check_crops
from mmuldor.apis.testing import evaluate_detector
from mmuldor.datasets.samplers import EpochIndex
from mmuldor.engine.mining_round import mine
from mmuldor.io.json_files import read_json, write_json
from mmuldor.io.run_length import decode_mask
from mmuldor.mining.rule import MiningRule
from tests.configs.blocks.bodies import HEIGHT, WIDTH, crop_of, make_bodies
from tests.support.small_configs import make_narrow, read_mini_data, untrained

BLOCK = 'configs/blocks/data/mask-rcnn_r18_fpn_body-crop-5e_phantom.py'
PLAIN = 'configs/mask_rcnn/mask-rcnn_r18_fpn_5e_phantom.py'
HNEM = 'configs/uldor/uldor_r18_fpn_hnem-2e_phantom.py'


@pytest.fixture
def bodies(mini_data, tmp_path):
    return make_bodies(mini_data, tmp_path)


@pytest.fixture
def both(root, bodies, tmp_path):
    """The block on whole slices, the plain config on their crops."""
    configs = []
    for path, folder in zip((BLOCK, PLAIN), bodies, strict=True):
        config = Config.fromfile(root / path)
        config.work_dir = str(tmp_path / f'work_{folder.name}')
        config.log_level = 'WARNING'
        read_mini_data(config, folder)
        make_narrow(config)
        # Scores of noise count.
        config.model.test_cfg.rcnn.score_thr = 0.02
        config.model.test_cfg.rpn.max_per_img = 50
        configs.append(config)
    return configs


@pytest.fixture
def detector(both):
    """Untrained, but its scores and masks vary."""
    model = untrained(both[1])
    with torch.no_grad():
        model.roi_head.bbox_head.fc_cls.weight.mul_(60)
        model.roi_head.mask_head.conv_logits.weight.mul_(30)
    return model.eval()


def corner(result):
    return np.array(crop_of(result['image_id'])[:2])


def check_moved(found, expected):
    """Results on whole slices are those on the crops, moved."""
    assert len(found) == len(expected) > 10
    for one, two in zip(found, expected, strict=True):
        assert one['image_id'] == two['image_id']
        assert one['score'] == pytest.approx(two['score'], abs=1e-6)
        moved = np.array(two['bbox'])
        moved[:2] += corner(two)
        np.testing.assert_allclose(one['bbox'], moved, atol=1e-3)
        mask = decode_mask(one['segmentation'])
        x1, y1, x2, y2 = crop_of(two['image_id'])
        inside = decode_mask(two['segmentation'])
        assert mask.shape == (HEIGHT, WIDTH)
        assert (mask[y1:y2, x1:x2] == inside).all()
        assert mask.sum() == inside.sum()
    assert sum(decode_mask(one['segmentation']).sum() for one in found) > 0


@pytest.mark.parametrize('tta', [False, True])
def test_results_and_metrics_are_of_whole_slices(
    both, detector, tmp_path, tta
):
    weights = str(tmp_path / 'w.pth')
    torch.save({'state_dict': detector.state_dict()}, weights)
    metrics, results, coco = [], [], []
    for config in both:
        # Crops of two sizes in one batch.
        config.test_dataloader.batch_size = 2
        config.tta = dict(flips=['horizontal'], slice_offsets_mm=[-1.0, 0.0])
        prefix = str(tmp_path / Path(config.work_dir).name)
        froc = config.test_evaluator
        # Untrained, it hits hardly anything.
        froc.update(fp_rates=(0.5, 50), iou_thr=0.1)
        config.test_evaluator = [
            froc,
            dict(
                type='mmdet.CocoMetric',
                ann_file=froc.ann_file,
                format_only=True,
                outfile_prefix=prefix,
            ),
        ]
        out = f'{prefix}.json'
        metrics.append(evaluate_detector(config, weights, out, tta=tta))
        results.append(read_json(out))
        coco.append(read_json(f'{prefix}.segm.json'))
    check_moved(*results)
    assert metrics[0] == pytest.approx(metrics[1], abs=1e-6)
    assert metrics[0]['froc/max_sens'] > 0
    # mmdet's own metric, too; its frame is half a pixel on.
    check_moved(*coco)
    for ours, theirs in zip(results[0], coco[0], strict=True):
        np.testing.assert_allclose(
            np.array(ours['bbox'][:2]) + 0.5, theirs['bbox'][:2], atol=1e-3
        )


def test_mined_negatives_are_of_whole_slices(both, detector):
    init_default_scope('mmdet')
    rule = MiningRule(
        min_score=0.0, score_thr=0.02, hit_iou=0.15, max_per_image=20
    )
    banks = []
    for config in both:
        dataset = DATASETS.build(config.train_dataloader.dataset)
        pipeline = config.test_dataloader.dataset.pipeline
        banks.append(mine(detector, dataset, pipeline, rule, 0, batch_size=2))
    whole, cropped = banks
    assert whole['counts'] == cropped['counts']
    assert whole['counts']['mined'] > 20
    assert whole['counts']['with_hit'] > 0
    assert whole['images'].keys() == cropped['images'].keys()
    for image_id, examples in whole['images'].items():
        offset = np.array(crop_of(int(image_id))[:2])
        for one, two in zip(
            examples, cropped['images'][image_id], strict=True
        ):
            np.testing.assert_allclose(
                one['bbox'], two['bbox'] + np.array([*offset, 0, 0]), atol=1e-3
            )
            assert one['mask_iou'] == pytest.approx(two['mask_iou'], abs=1e-6)
            for a, b in zip(one['polygons'], two['polygons'], strict=True):
                moved = np.reshape(b, (-1, 2)) + offset
                np.testing.assert_allclose(np.reshape(a, (-1, 2)), moved)


def test_training_with_mined_negatives(root, bodies, mini_config):
    config = mini_config
    read_mini_data(config, bodies[0])
    crop = Config.fromfile(
        root / 'configs/_base_/datasets/crop_to_body.py'
    ).crop_to_body
    for pipeline in (
        config.train_dataloader.dataset.pipeline,
        config.val_dataloader.dataset.pipeline,
        config.test_dataloader.dataset.pipeline,
        config.val_loss_pipeline,
    ):
        pipeline.insert(1, copy.deepcopy(crop))
    check_crops(config)
    config.train_dataloader.dataset.indices = 4
    config.train_cfg.update(max_epochs=2, val_interval=2)
    runner = Runner.from_cfg(config)
    runner.train()
    # The validation loss shares the images of the validation.
    assert runner.message_hub.get_scalar('val/val_loss').current() > 0
    folder = Path(config.work_dir)
    assert (folder / 'epoch_2.pth').is_file()
    (bank,) = map(read_json, folder.glob('hard_negatives/epoch_*.json'))
    assert bank['counts']['mined'] > 0
    # In the second epoch they lie where they were found.
    images = runner.train_dataloader.dataset
    seen = 0
    for index in range(4):
        found = images[EpochIndex(index, 0, 1)]['data_samples']
        truth, meta = found.gt_instances, found.metainfo
        assert meta['crop_bbox'] == crop_of(meta['img_id'])
        scale = np.tile(meta['scale_factor'], 2)
        boxes = truth.bboxes.tensor.numpy()[truth.labels.numpy() == 1]
        if meta['flip']:
            width = meta['img_shape'][1]
            boxes[:, [0, 2]] = width - boxes[:, [2, 0]]
        boxes = boxes / scale + np.tile(meta['crop_bbox'][:2], 2) - 0.5
        mined = bank['images'].get(str(meta['img_id']), [])
        expected = np.array([e['bbox'] for e in mined]).reshape(-1, 4)
        expected[:, 2:] += expected[:, :2]
        np.testing.assert_allclose(boxes, expected, atol=0.01)
        seen += len(expected)
    assert seen == bank['counts']['mined'] > 0


def test_lesions_lie_on_the_same_pixels(both):
    whole, cropped = (build_split(config, 'train') for config in both)
    for index in range(len(whole)):
        one, two = (data[EpochIndex(index, 3, 1)] for data in (whole, cropped))
        assert torch.equal(one['inputs'], two['inputs'])
        first, second = (i['data_samples'].gt_instances for i in (one, two))
        assert torch.allclose(first.bboxes.tensor, second.bboxes.tensor)
        for a, b in zip(first.masks.masks, second.masks.masks, strict=True):
            np.testing.assert_allclose(a, b)


def test_the_check_knows_the_crop(both, tmp_path):
    """Anchors as on the crops, and the share of the pixels."""
    found = []
    for config in both:
        results = list(check_config(config, tmp_path / 'check'))
        assert not [r.text for r in results if r.level == 'error']
        found.append([r.text for r in results])
    whole, cropped = found
    # Of 124 x 140 px 90 x 90 and 82 x 90: 46.7 and 42.5 %.
    assert (
        'CropToBody keeps 45% of the pixels (43% to 47%, 6 images) and cuts 0 '
        'of 6 lesions'
    ) in whole
    assert not any('CropToBody' in text for text in cropped)
    anchors = [
        next(text for text in texts if text.startswith('anchors'))
        for texts in found
    ]
    assert anchors[0] == anchors[1]


def test_the_check_warns_of_cut_lesions_and_of_a_whole_test(both, tmp_path):
    config = both[0]
    for pipeline in (
        config.train_dataloader.dataset.pipeline,
        config.val_dataloader.dataset.pipeline,
        config.val_loss_pipeline,
    ):
        pipeline[1].margin_mm = 0.0
    folder = Path(config.train_dataloader.dataset.data_root)
    document = read_json(folder / 'train.json')
    box = document['annotations'][0]['bbox']
    # 20 px to the left of the body.
    box[0], box[2] = 20.0, box[0] + box[2] - 20.0
    write_json(folder / 'train.json', document)
    config.test_dataloader.dataset.pipeline.pop(1)
    warnings = [
        r.text
        for r in check_config(config, tmp_path / 'check')
        if r.level == 'warning'
    ]
    assert any('is in the training pipeline alone' in t for t in warnings)
    assert any('cuts 1 of 6 lesions. See whether' in t for t in warnings)


def test_lesions_are_pasted_into_crops(root, bodies):
    config = Config.fromfile(
        root / 'configs/blocks/data/mask-rcnn_r18_fpn_copy-paste-5e_phantom.py'
    )
    read_mini_data(config, bodies[0])
    pipeline = config.train_dataloader.dataset.pipeline
    pipeline.insert(1, dict(type='mmuldor.CropToBody'))
    # Without resize and flip, so that px are those of the crop.
    pipeline[:] = [
        step
        for step in pipeline
        if step['type'] not in ('RandomFlip', 'mmuldor.ResizeToSpacing')
    ]
    pipeline[3].update(prob=1.0, max_hu=2000.0)
    images = build_split(config, 'train')
    pasted = 0
    for index in range(len(images)):
        found = images[EpochIndex(index, 0, 1)]
        truth = found['data_samples'].gt_instances
        image = found['inputs'][1].numpy()
        for box, mask in zip(
            truth.bboxes.tensor.numpy(), truth.masks.masks, strict=True
        ):
            outline = mask[0].reshape(-1, 2)
            assert (outline >= box[:2] - 1e-3).all()
            assert (outline <= box[2:] + 1e-3).all()
            # Lesions are 150 HU brighter: 0 HU is 127.5, 150 HU are 204.
            x, y = outline.mean(axis=0).astype(int)
            assert image[y, x] > 180
        pasted += len(truth) - 1
    assert pasted > 0
