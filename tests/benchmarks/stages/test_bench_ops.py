from types import SimpleNamespace

import pytest
import torch

from benchmarks.stages import bench_ops


def test_operators_that_differ_are_not_timed():
    boxes = torch.tensor([[0.0, 0, 9, 9], [1, 0, 10, 9], [50, 50, 60, 60]])

    def work(module):
        return [module.nms(boxes, torch.tensor([3.0, 2, 1]), 0.5, 0)]

    row = bench_ops.compare('NMS', work, bench_ops.STAND_IN, 2)
    assert row['value'] > 0
    assert set(row['kinds']) == {'stand-in', 'compiled'}
    other = SimpleNamespace(nms=lambda *_: torch.tensor([0, 1, 2]))
    with pytest.raises(AssertionError):
        bench_ops.compare('NMS', work, other, 2)
