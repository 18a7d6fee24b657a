"""The number of batches that MMEngine's wrapper accumulates."""

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from mmuldor.upstream.optim_wrapper import accumulated_batches


@pytest.fixture
def layer():
    return nn.Linear(1, 1, bias=False)


@pytest.mark.parametrize('count', [1, 3])
def test_it_is_what_the_wrapper_steps_by(layer, count):
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)
    wrapper = OptimWrapper(optimizer, accumulative_counts=count)
    assert accumulated_batches(wrapper) == count
    wrapper.initialize_count_status(layer, 0, 100)
    weights = [layer.weight.item()]
    for _ in range(accumulated_batches(wrapper)):
        wrapper.update_params(layer(torch.ones(1, 1)).sum())
        weights.append(layer.weight.item())
    assert len(set(weights[:-1])) == 1
    assert weights[-1] != weights[0]


def test_others_step_at_every_batch(layer):
    wrapper = OptimWrapper(torch.optim.SGD(layer.parameters(), 0.1))
    assert accumulated_batches(OptimWrapperDict(one=wrapper)) == 1
