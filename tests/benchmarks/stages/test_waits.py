import pytest
import torch
from mmcv.ops import batched_nms

from benchmarks.stages.waits import count_waits

VALUES = torch.arange(6.0).view(3, 2)
BOXES = torch.tensor([[0.0, 0.0, 5.0, 5.0], [0.0, 0.0, 5.0, 4.0]])


@pytest.mark.parametrize(
    ('work', 'waits'),
    [
        (lambda: VALUES + 1, 0),
        (lambda: VALUES[torch.tensor([2, 0])], 0),
        (lambda: VALUES.sum().item(), 1),
        (lambda: float(VALUES.sum()), 1),
        (lambda: bool((VALUES > 1).all()), 1),
        (lambda: VALUES[VALUES > 1], 1),
        (lambda: (VALUES > 1).nonzero(), 1),
        (lambda: VALUES.cpu(), 1),
        (lambda: VALUES.tolist(), 1),
        (lambda: [VALUES.tolist() for _ in range(3)], 3),
        (
            lambda: batched_nms(
                BOXES,
                torch.tensor([0.9, 0.8]),
                torch.zeros(2),
                dict(type='nms', iou_threshold=0.5),
            ),
            1,
        ),
    ],
)
def test_what_waits(work, waits):
    assert sum(count_waits(work, 'cpu').values()) == waits


def test_operators_are_left_as_they_were():
    import sys

    module = sys.modules['mmcv.ops.nms']
    before = module.ext_module
    with pytest.raises(ZeroDivisionError):
        count_waits(lambda: 1 / 0, 'cpu')
    assert module.ext_module is before
