"""torch's private modules and names that the benchmarks lean on."""

import torch

from mmuldor.upstream.torch_dispatch import (
    INDEXING,
    SYNCHRONIZING,
    LightDispatchMode,
    TorchDispatchMode,
    is_mutable,
    tree_leaves,
)


class Seen(TorchDispatchMode):
    """Notes every operator."""

    def __init__(self):
        super().__init__()
        self.operators = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.operators.append(func)
        return func(*args, **(kwargs or {}))


def test_a_light_mode_is_called_without_the_compiler():
    class Light(LightDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            return func(*args, **(kwargs or {}))

    # torch wraps the method of others.
    assert hasattr(Seen.__torch_dispatch__, '__wrapped__')
    assert not hasattr(Light.__torch_dispatch__, '__wrapped__')
    with Light():
        assert torch.ones(2).sum() == 2


def operators(work):
    with Seen() as seen:
        work()
    return seen.operators


def test_a_mode_sees_operators_and_whether_they_write():
    values = torch.zeros(3)
    add, add_ = operators(lambda: (values + 1, values.add_(1)))
    assert not is_mutable(add)
    assert is_mutable(add_)


def test_what_waits_is_among_those_that_wait():
    values = torch.arange(4.0)
    works = {
        '_local_scalar_dense': lambda: values[0].item(),
        'nonzero': values.nonzero,
        'equal': lambda: torch.equal(values, values),
        'is_nonzero': lambda: bool(values[0] > 0),
        'masked_select': lambda: values.masked_select(values > 1),
        '_unique2': values.unique,
    }
    for name, work in works.items():
        waiting = [func for func in operators(work) if func in SYNCHRONIZING]
        assert waiting, name


def test_masks_as_index_are_seen():
    values = torch.arange(4.0)
    mask = values > 1

    def write():
        values[mask] = torch.zeros(2)

    assert set(operators(lambda: values[mask])) & INDEXING
    assert set(operators(write)) & INDEXING


def test_leaves_of_arguments():
    assert tree_leaves(((1, [2]), {'a': (3,)})) == [1, 2, 3]
