"""The device under test: `MMULDOR_DEVICE`, by `make gpu`; a CPU without."""

import os

import pytest
import torch


@pytest.fixture
def device():
    """A torch device; 'cpu' tries the tests themselves."""
    name = os.environ.get('MMULDOR_DEVICE', 'cpu')
    if name != 'cpu' and not torch.cuda.is_available():
        pytest.fail(f'MMULDOR_DEVICE is {name}, but torch sees no GPU')
    return torch.device(name)


@pytest.fixture
def size(device):
    """How much larger the work of a GPU is than that of a trial."""
    return 1 if device.type == 'cpu' else 10
