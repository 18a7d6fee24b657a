"""A training of MMEngine's that takes a moment."""

import pytest
import torch
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn


class ToyModel(BaseModel):
    """One weight, and a loss that pulls it to zero."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs, mode='tensor'):
        found = self.layer(torch.stack(inputs))
        return {'loss': found.square().sum()} if mode == 'loss' else [found]


class ToyMetric(BaseMetric):
    """Always one."""

    def process(self, data_batch, data_samples):
        self.results.append(1)

    def compute_metrics(self, results):
        return {'ones': 1.0}


def loader():
    data = [torch.ones(1) for _ in range(2)]
    return dict(
        dataset=data,
        sampler=dict(type=DefaultSampler, shuffle=False),
        collate_fn=lambda parts: {'inputs': pseudo_collate(parts)},
        batch_size=1,
        num_workers=0,
    )


@pytest.fixture
def toy_runner(tmp_path, request):
    """Makes a runner of two epochs that trains and tests; takes changes."""
    count = iter(range(10))

    def make(**changes):
        options = dict(
            model=ToyModel(),
            work_dir=str(tmp_path / 'work'),
            train_dataloader=loader(),
            test_dataloader=loader(),
            train_cfg=dict(by_epoch=True, max_epochs=2),
            test_cfg=dict(),
            test_evaluator=[ToyMetric()],
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            log_level='WARNING',
            experiment_name=f'{request.node.name}_{next(count)}',
        )
        return Runner(**{**options, **changes})

    return make
