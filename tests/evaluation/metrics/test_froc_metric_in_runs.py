"""The metric in two processes and in a real Runner."""

import json
import subprocess
import sys

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

from tests.evaluation.metrics.froc_samples import ALL, sample

ONE_OF_TWO = """
import json, sys, torch
from mmuldor.evaluation.metrics import FROCMetric

ann_file, store, rank = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.distributed.init_process_group(
    'gloo', init_method=f'file://{store}', rank=rank, world_size=2
)
metric = FROCMetric(ann_file)
# The sampler pads to equal shares: image 1 comes again.
for image_id in [1, 2, 4, 5, 1][rank::2] + [1] * rank:
    boxes = torch.tensor([[10.5, 10.5, 19.5, 19.5]])
    predicted = {
        'bboxes': boxes + (100 if image_id == 4 else 0),
        'scores': torch.tensor([1 / image_id]),
        'labels': torch.tensor([0]),
    }
    sample = {'img_id': image_id, 'pred_instances': predicted}
    metric.process({}, [sample])
print('found', json.dumps(metric.evaluate(4)))
# Left to the interpreter's end, gloo's threads abort it now and then.
torch.distributed.destroy_process_group()
"""


def test_two_processes(ann_file, tmp_path, root):
    command = [sys.executable, '-c', ONE_OF_TWO, ann_file, tmp_path / 'store']
    workers = [
        subprocess.Popen(
            [*command, str(rank)],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    outputs = [worker.communicate(timeout=60)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    # 1 and 2 are found, then false positives on 4 and 5, of four images.
    for output in outputs:
        found = json.loads(output.split('found')[1])
        assert found['froc/max_sens'] == pytest.approx(2 / 3)
        assert found['froc/fps@max'] == 0


class Numbers(Dataset):
    METAINFO = {}

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return {'number': index}


class Toy(BaseModel):
    """Finds more and more lesions in the first epoch, then none."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.epoch = 0

    def forward(self, number, mode):
        if mode == 'loss':
            return {'loss': self.weight.sum()}
        if int(number[0]) == 0:
            self.epoch += 1
        found = ALL if self.epoch == 1 else map(sample, range(1, 6))
        return [list(found)[int(number[0])]]


def test_drives_save_best_in_a_runner(ann_file, tmp_path):
    loader = {
        'batch_size': 1,
        'dataset': Numbers(),
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
    }
    checkpoint = {
        'type': 'CheckpointHook',
        'save_best': 'froc/sens@0.5',
        'rule': 'greater',
    }
    runner = Runner(
        model=Toy(),
        work_dir=str(tmp_path / 'run'),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg={'by_epoch': True, 'max_epochs': 2},
        val_cfg={},
        val_evaluator={
            'type': 'mmuldor.FROCMetric',
            'ann_file': str(ann_file),
        },
        optim_wrapper={'optimizer': {'type': 'SGD', 'lr': 0.1}},
        default_hooks={'checkpoint': checkpoint},
        log_level='ERROR',
        default_scope='mmengine',
        experiment_name=f'froc_metric_{tmp_path.name}',
    )
    runner.train()
    best = [path.name for path in (tmp_path / 'run').glob('best_*')]
    assert best == ['best_froc_sens@0.5_epoch_1.pth']
