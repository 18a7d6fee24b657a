import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmengine.runner import Runner

from mmuldor.engine.hooks import HNEMHook
from mmuldor.mining.rule import MiningRule
from mmuldor.registry import TASK_UTILS, TRANSFORMS


@TRANSFORMS.register_module()
class RecordNegatives(BaseTransform):
    """Write what each worker was given, to see the banks from inside."""

    def __init__(self, path):
        self.path = path

    def transform(self, results):
        import torch

        info = torch.utils.data.get_worker_info()
        negatives = [
            instance['bbox']
            for instance in results['instances']
            if instance['bbox_label'] == 1
        ]
        record = {
            'worker': -1 if info is None else info.id,
            'banks': [path.name for path in results['hard_negative_banks']],
            'img_id': results['img_id'],
            'negatives': negatives,
        }
        with open(self.path, 'a') as file:
            file.write(json.dumps(record) + '\n')
        return results


def record_pipeline(config):
    """Let the training pipeline write what it adds; returns the file."""
    path = Path(config.work_dir) / 'seen.jsonl'
    pipeline = config.train_dataloader.dataset.pipeline
    pipeline.insert(
        4,
        dict(type='mmuldor.RecordNegatives', path=str(path)),
    )
    return path


def seen_by_bank(path):
    records = [json.loads(line) for line in path.read_text().splitlines()]
    seen = defaultdict(list)
    for record in records:
        seen[tuple(record['banks'])].append(record)
    return seen


def bank_boxes(config, names):
    """Boxes of the banks by image id, in mmdet's frame."""
    boxes = defaultdict(list)
    for name in names:
        path = Path(config.work_dir) / 'hard_negatives' / name
        for image_id, examples in json.loads(path.read_text())[
            'images'
        ].items():
            for x, y, w, h in (e['bbox'] for e in examples):
                boxes[int(image_id)].append([x, y, x + w, y + h])
    return boxes


@pytest.mark.parametrize('accumulate', [False, True])
def test_persistent_workers_train_on_each_epochs_bank(mini_config, accumulate):
    config = mini_config
    config.default_hooks.hnem.accumulate = accumulate
    config.train_dataloader.num_workers = 2
    config.train_dataloader.persistent_workers = True
    path = record_pipeline(config)
    Runner.from_cfg(config).train()
    seen = seen_by_bank(path)
    rounds = ['epoch_000.json', 'epoch_001.json']
    last = rounds if accumulate else rounds[1:]
    assert list(seen) == [(), ('epoch_000.json',), tuple(last)]
    for names, records in seen.items():
        assert {record['worker'] for record in records} == {0, 1}
        assert sorted(r['img_id'] for r in records) == [1, 2, 3, 4, 5, 6]
        boxes = bank_boxes(config, names)
        assert bool(boxes) == bool(names)
        for record in records:
            expected = boxes[record['img_id']]
            assert len(record['negatives']) == len(expected)
            for found, box in zip(record['negatives'], expected, strict=True):
                assert found == pytest.approx([v + 0.5 for v in box])
    # Nothing would use a round after the last epoch.
    assert not (
        Path(config.work_dir) / 'hard_negatives/epoch_002.json'
    ).exists()


def test_a_repeated_dataset_trains_on_each_epochs_bank(mini_config):
    config = mini_config
    config.train_cfg.max_epochs = 2
    path = record_pipeline(config)
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = dict(
        type='RepeatDataset', times=2, dataset=inner
    )
    Runner.from_cfg(config).train()
    seen = seen_by_bank(path)
    assert list(seen) == [(), ('epoch_000.json',)]
    for records in seen.values():
        ids = sorted(record['img_id'] for record in records)
        assert ids == sorted([1, 2, 3, 4, 5, 6] * 2)
    assert any(record['negatives'] for record in records)


def test_resume_uses_the_bank_of_its_checkpoint(mini_config):
    config = mini_config
    path = record_pipeline(config)
    Runner.from_cfg(config).train()
    folder = Path(config.work_dir)
    banks = [folder / f'hard_negatives/epoch_00{i}.json' for i in (0, 1)]
    first = [bank.read_bytes() for bank in banks]
    # As if killed in epoch 3, with the bank lost.
    (folder / 'epoch_3.pth').unlink()
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
    # Earlier versions wrote a file that named an epoch's banks.
    pointer = folder / 'hard_negatives/current.json'
    pointer.write_text('{"banks": ["epoch_000.json"]}')
    banks[1].unlink()
    path.unlink()
    config.resume = True
    runner = Runner.from_cfg(config)
    runner.train()
    assert runner.epoch == 3
    assert list(seen_by_bank(path)) == [('epoch_001.json',)]
    assert [bank.read_bytes() for bank in banks] == first


def test_a_round_before_training(mini_config):
    config = mini_config
    config.default_hooks.hnem.mine_before_training = True
    config.train_cfg.max_epochs = 2
    path = record_pipeline(config)
    Runner.from_cfg(config).train()
    assert list(seen_by_bank(path)) == [
        ('initial.json',),
        ('epoch_000.json',),
    ]


def test_mining_begins_when_asked(mini_config):
    config = mini_config
    config.default_hooks.hnem.begin = 1
    path = record_pipeline(config)
    Runner.from_cfg(config).train()
    assert list(seen_by_bank(path)) == [(), ('epoch_001.json',)]


def break_pipeline(config):
    del config.train_dataloader.dataset.pipeline[3]


def break_classes(config):
    config.model.roi_head.bbox_head.num_classes = 1
    config.model.roi_head.mask_head.num_classes = 1


def break_masks(config):
    config.model.type = 'FasterRCNN'
    config.model.roi_head.mask_head = None
    config.model.roi_head.mask_roi_extractor = None


def break_loop(config):
    config.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)


def break_sampler(config):
    config.train_dataloader.sampler.type = 'DefaultSampler'


def break_wrapper(config):
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = dict(
        type='MultiImageMixDataset', dataset=inner, pipeline=[]
    )


def break_dataset(config):
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[inner, inner]
    )


@pytest.mark.parametrize(
    ('damage', 'match'),
    [
        (break_pipeline, 'needs `mmuldor.AddHardNegatives`'),
        (break_classes, '`num_classes` of at least 2'),
        (break_masks, 'with a mask head'),
        (break_loop, 'HNEMHook needs epochs'),
        (break_dataset, 'needs one `mmuldor.DeepLesionDataset`'),
        (break_sampler, 'needs a sampler that gives the epoch'),
        (break_wrapper, 'in a MultiImageMixDataset, whose indices'),
    ],
)
def test_what_cannot_work_is_refused_before_training(
    mini_config, damage, match
):
    damage(mini_config)
    runner = Runner.from_cfg(mini_config)
    with pytest.raises(ValueError, match=match):
        runner.train()
    assert runner.iter == 0


def test_a_bank_of_other_images_stops_a_resumed_run(mini_config):
    config = mini_config
    config.train_cfg.max_epochs = 2
    Runner.from_cfg(config).train()
    folder = Path(config.work_dir)
    bank = folder / 'hard_negatives/epoch_000.json'
    content = json.loads(bank.read_text())
    bank.write_text(json.dumps({**content, 'fingerprint': '0' * 64}))
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_1.pth'))
    config.resume = True
    with pytest.raises(ValueError, match='mined on other images'):
        Runner.from_cfg(config).train()


def test_rounds_of_another_run_are_removed(mini_config):
    config = mini_config
    config.train_cfg.max_epochs = 1
    folder = Path(config.work_dir) / 'hard_negatives'
    folder.mkdir(parents=True)
    others = 'initial.json', 'epoch_000.json', 'epoch_007.json'
    for name in (*others, 'current.json'):
        (folder / name).write_text('{}')
    path = record_pipeline(config)
    Runner.from_cfg(config).train()
    assert list(seen_by_bank(path)) == [()]
    assert [p.name for p in folder.iterdir()] == ['current.json']


@TASK_UTILS.register_module()
class HighestScores(MiningRule):
    """A mining rule of one's own: no draw."""

    def draw(self, scores, epoch, image_id):
        return np.arange(min(len(scores), self.max_per_image))


def test_another_rule_mines(mini_config):
    config = mini_config
    config.train_cfg.max_epochs = 2
    config.default_hooks.hnem.rule = dict(
        type='mmuldor.HighestScores', max_per_image=2
    )
    Runner.from_cfg(config).train()
    path = Path(config.work_dir) / 'hard_negatives/epoch_000.json'
    bank = json.loads(path.read_text())
    assert bank['rule']['type'] == 'HighestScores'
    # Given beside the rule, as in all configs of the paper's own.
    assert bank['rule']['min_score'] == 0.0
    assert len(bank['images']) == 6
    for examples in bank['images'].values():
        assert len(examples) == 2


def test_arguments_of_the_rule_stand_in_it_or_beside_it():
    assert HNEMHook().rule == MiningRule()
    inside = HNEMHook(rule=dict(max_per_image=5, min_score=0.1))
    assert inside.rule == HNEMHook(max_per_image=5, min_score=0.1).rule
    assert inside.rule == MiningRule(max_per_image=5, min_score=0.1)
    beside = HNEMHook(rule=dict(max_per_image=5), max_per_image=1)
    assert beside.rule.max_per_image == 1
    with pytest.raises(TypeError, match='max_per_imag'):
        HNEMHook(max_per_imag=5)
