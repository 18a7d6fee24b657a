"""How a detector divides slices among threads."""

import pytest
import torch

from mmuldor.apis.volumes import slice_model
from mmuldor.apis.volumes.slice_model import SliceModel
from tests.support.small_configs import narrow_mask_rcnn, untrained


@pytest.fixture
def model(monkeypatch):
    monkeypatch.setattr(slice_model, 'concurrent_batches', lambda detector: 2)
    return SliceModel(untrained(narrow_mask_rcnn()).eval(), 0.0, ())


def item(side):
    return dict(inputs=torch.zeros(3, side, side), data_samples=None)


@pytest.mark.parametrize(
    ('batch_size', 'side', 'division'),
    [
        # 2 * 352 ** 2 px are less than 2 ** 18.
        (4, 352, (2, 2)),
        (8, 128, (4, 2)),
        # 512 ** 2 px are 2 ** 18.
        (4, 512, (1, 2)),
        (4, 800, (1, 2)),
        (1, 128, (1, 1)),
        (3, 128, (1, 2)),
    ],
)
def test_a_batch_for_each_thread(model, batch_size, side, division):
    assert model.division(batch_size, item(side)) == division


def test_one_batch_of_detectors_with_steps_of_their_own(model):
    model.network = None
    assert model.division(4, item(512)) == (4, 1)
    assert not model.is_local(3)
