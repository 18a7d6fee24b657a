"""What an iteration asks of a device, counted on operators known."""

import torch

from benchmarks.stages.limits import copy_rate, flops, matrix_rate, traffic

SQUARE = torch.ones(100, 100)
BYTES = 40_000


def test_a_product_reads_two_and_writes_one():
    assert traffic(lambda: SQUARE @ SQUARE) == 3 * BYTES
    assert flops(lambda: SQUARE @ SQUARE) == 2 * 100**3


def test_views_and_empty_memory_cost_nothing():
    def work():
        torch.empty_like(SQUARE)
        return SQUARE.t()[3:, :2].reshape(-1, 1).detach()[:0]

    # 194 elements are copied to become a column.
    assert traffic(work) == 2 * 194 * 4
    assert traffic(lambda: SQUARE.view(-1)[5:]) == 0


def test_in_place_is_read_and_written():
    assert traffic(lambda: SQUARE.clone().add_(1)) == 4 * BYTES


def test_backward_counts():
    weight = torch.ones(100, 100, requires_grad=True)
    forward = traffic(lambda: (weight * 2).sum())
    assert traffic(lambda: (weight * 2).sum().backward()) > forward


def test_measured_rates_are_those_of_a_computer():
    assert 1e8 < matrix_rate('cpu', torch.float32) < 1e14
    assert 1e8 < copy_rate('cpu') < 1e13
