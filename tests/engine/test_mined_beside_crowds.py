"""A training with ignored regions: nothing in them is mined."""

from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from mmuldor.functional.boxes import pairwise_iod, xywh_to_xyxy
from mmuldor.io.json_files import read_json, write_json
from mmuldor.mining.bank import load_bank

# The left half of the images.
CROWD = [0, 0, 30, 63]


def test_a_training_mines_nothing_in_a_crowd(mini_config, mini_data, tmp_path):
    document = read_json(mini_data / 'train.json')
    lesions = document['annotations']
    crowds = [
        {**lesion, 'id': lesion['id'] + 500, 'iscrowd': 1, 'bbox': CROWD}
        for lesion in lesions
    ]
    document['annotations'] = lesions + crowds
    write_json(mini_data / 'train.json', document)
    mini_config.train_cfg.update(max_epochs=2, val_interval=2)
    runner_type = RUNNERS.get(mini_config.get('runner_type', 'Runner'))
    (runner_type or Runner).from_cfg(mini_config).train()
    banks = sorted((tmp_path / 'work').rglob('hard_negatives/epoch_*.json'))
    examples = [
        example
        for bank in map(load_bank, banks)
        for found in bank['images'].values()
        for example in found
    ]
    assert examples
    boxes = xywh_to_xyxy([example['bbox'] for example in examples])
    shares = pairwise_iod(boxes, xywh_to_xyxy([CROWD]), inclusive=False)
    assert shares.max() < 0.5
