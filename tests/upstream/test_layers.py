"""The families hold all layers that behave otherwise in training."""

import pytest
from mmengine.model import revert_sync_batchnorm
from torch import nn

from mmuldor.upstream.layers import DROPOUTS, NORMS

FREE = (nn.SyncBatchNorm, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


@pytest.mark.parametrize('layer', FREE)
def test_batch_norms(layer):
    assert issubclass(layer, NORMS)


@pytest.mark.parametrize(
    'layer', [nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d]
)
def test_instance_norms(layer):
    assert issubclass(layer, NORMS)


def test_mmengines_batch_norm_of_any_dimension():
    """Where this fails, public names may do: see the module."""
    layer = revert_sync_batchnorm(nn.SyncBatchNorm(2))
    assert isinstance(layer, NORMS)
    assert not isinstance(layer, FREE)


@pytest.mark.parametrize('layer', [nn.LayerNorm, nn.GroupNorm])
def test_norms_that_keep_nothing(layer):
    assert not issubclass(layer, (NORMS, DROPOUTS))


@pytest.mark.parametrize(
    'layer',
    [
        *(nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d),
        *(nn.AlphaDropout, nn.FeatureAlphaDropout),
    ],
)
def test_dropouts(layer):
    assert issubclass(layer, DROPOUTS)
