"""What a model of given weights may allocate."""

import copy
import json

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope

from mmuldor.apis.bundle.inference_config import full_config, plain_config
from mmuldor.apis.bundle.memory_budget import MemoryBudget
from tests.support.memory import at_most
from tests.support.small_configs import CONFIGS

SHIPPED = [p for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts]


@pytest.mark.parametrize(
    'ask',
    [
        lambda: torch.zeros(2**27),
        lambda: torch.nn.Linear(2**16, 2**16),
        lambda: torch.ones(2**14, 1) * torch.ones(1, 2**14),
        lambda: torch.full((2**14, 2**14), 1.0),
        lambda: torch.arange(2**27),
        lambda: torch.zeros(1).repeat(2**27),
        lambda: torch.stack([torch.zeros(2**13, 2**13)] * 9),
    ],
)
def test_what_is_too_large_is_not_allocated(ask):
    with (
        at_most(300e6),
        pytest.raises(ValueError, match=r'its weights, 40 bytes, but needs'),
        MemoryBudget([torch.zeros(10)]),
    ):
        ask()


def test_many_small_steps_are_too_many():
    with (
        pytest.raises(ValueError, match='A size in the config is wrong'),
        MemoryBudget([torch.zeros(10)]),
    ):
        [torch.zeros(1) for _ in range(10**6)]


def test_what_is_filled_again_is_no_new_memory():
    with MemoryBudget([torch.zeros(10)]):
        values = torch.zeros(2**24)
        for _ in range(100):
            values.fill_(1)
        # Its size depends on values.
        assert len(values[:5].nonzero()) == 5
        assert values[0].item() == 1


@pytest.mark.slow
@pytest.mark.parametrize('path', SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_model_is_built_within_it(path):
    init_default_scope('mmdet')
    config = Config.fromfile(path)
    plain = json.loads(json.dumps(plain_config(config)))
    model = MODELS.build(copy.deepcopy(config.model)).state_dict()
    with MemoryBudget(model.values()):
        found = MODELS.build(full_config(plain, 'x').model).state_dict()
    shapes = {name: weight.shape for name, weight in model.items()}
    assert {name: weight.shape for name, weight in found.items()} == shapes
