"""Weights of a small network of volumes."""

import pytest
import torch
from mmdet.models.backbones import ResNet


@pytest.fixture
def volume_state():
    """Random 3-D weights for `ResNet(50, base_channels=4)`.

    As in the package: bfloat16, the 3 x 3 and 7 x 7 kernels 3 deep.
    """
    torch.manual_seed(0)
    state = {}
    for name, value in ResNet(50, base_channels=4).state_dict().items():
        if value.dim() == 4:
            depth = 1 if value.shape[-1] == 1 else 3
            value = torch.randn(*value.shape[:2], depth, *value.shape[2:])
        elif value.is_floating_point():
            value = torch.rand(value.shape)
        if value.is_floating_point():
            value = value.bfloat16()
        state[name] = value
    return state


@pytest.fixture
def volume_weights(volume_state, tmp_path):
    """Their file, as the package joins it; the path as text."""
    path = tmp_path / 'tiny_encoder.pt'
    torch.save({'state_dict': volume_state, 'meta': {'n_tensor': 1}}, path)
    return str(path)
