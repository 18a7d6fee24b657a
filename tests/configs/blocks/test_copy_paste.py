"""Lesions of other images in the training pipeline."""

from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.runner import Runner

from mmuldor.apis.browse import build_split
from mmuldor.apis.configs.step_order import check_step_order
from mmuldor.datasets.samplers import EpochIndex
from mmuldor.io.json_files import read_json, write_json
from tests.support.small_configs import read_mini_data


def test_pasted_lesions_are_targets_in_training_alone(
    root, mini_data, tmp_path
):
    config = Config.fromfile(
        root / 'configs/blocks/data/mask-rcnn_r18_fpn_copy-paste-5e_phantom.py'
    )
    read_mini_data(config, mini_data)
    dataset = config.train_dataloader.dataset
    # Lesions of 10 px in place of 25, so that slices of 64 px have room.
    document = read_json(mini_data / 'train.json')
    for lesion in document['annotations']:
        x, y, width, height = lesion['bbox']
        centre = np.array([x + width / 2, y + height / 2])
        corner = centre - (0.2 * width, 0.2 * height)
        lesion['bbox'] = [*corner.tolist(), 0.4 * width, 0.4 * height]
        ends = np.reshape(lesion['recist_px'], (4, 2))
        small = centre + 0.4 * (ends - centre)
        lesion['recist_px'] = small.reshape(-1).tolist()
    dataset.ann_file = str(tmp_path / 'small.json')
    write_json(dataset.ann_file, document)
    for pipeline in (config.val_loss_pipeline, config.test_pipeline):
        types = [step['type'] for step in pipeline]
        assert 'mmuldor.CopyPasteLesions' not in types
    steps = dataset.pipeline
    assert [step['type'] for step in steps][1:4] == [
        'mmuldor.RecistToMask',
        'mmuldor.CopyPasteLesions',
        'mmuldor.WindowHU',
    ]
    steps[2].update(prob=1.0, max_hu=2000.0)
    images = build_split(config, 'train')
    counts = []
    for index in range(len(images)):
        pair = [images[EpochIndex(index, 3, 1)] for _ in range(2)]
        assert (pair[0]['inputs'] == pair[1]['inputs']).all()
        found = pair[0]['data_samples'].gt_instances
        assert len(found.masks) == len(found.bboxes)
        plain = len(images.get_data_info(index)['instances'])
        counts.append(len(found) - plain)
    assert max(counts) == 1
    assert min(counts) >= 0
    assert np.mean(counts) > 0


def test_mining_and_workers_go_on_beside_it(mini_config):
    config = mini_config
    pipeline = config.train_dataloader.dataset.pipeline
    masks, negatives = pipeline.pop(2), pipeline.pop(2)
    assert negatives.type == 'mmuldor.AddHardNegatives'
    paste = dict(type='mmuldor.CopyPasteLesions', prob=1.0)
    pipeline[1:1] = [masks, negatives, paste]
    check_step_order(config)
    loader = config.train_dataloader
    loader.update(num_workers=2, persistent_workers=True)
    config.train_cfg.max_epochs = 2
    Runner.from_cfg(config).train()
    folder = Path(config.work_dir)
    assert (folder / 'epoch_2.pth').is_file()
    (bank,) = map(read_json, folder.glob('hard_negatives/epoch_*.json'))
    assert bank['counts']['mined'] > 0
