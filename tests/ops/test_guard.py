"""What compiled operators get, and what of it comes back."""

import types

import pytest
import torch

from mmuldor.ops.guard import guard_module, guarded


def add_into(values, output, factor=1.0, extra=None):
    """Stands for a kernel: raw memory in order, float32 or float16 only."""
    for tensor in (values, output, *([] if extra is None else [extra])):
        if tensor.dtype not in (torch.float32, torch.float16, torch.int64):
            raise RuntimeError(f'not implemented for {tensor.dtype}')
    raw = values.as_strided(values.shape, torch.empty(values.shape).stride())
    flat = output.as_strided((output.numel(),), (1,))
    flat += (factor * raw).flatten().to(flat.dtype)
    return 'done'


def channels_last(*shape):
    values = torch.arange(torch.Size(shape).numel(), dtype=torch.float32)
    values = values.reshape(shape)
    return values, values.contiguous(memory_format=torch.channels_last)


def test_the_kernel_alone_reads_another_order():
    plain, turned = channels_last(1, 2, 3, 4)
    output = torch.zeros_like(plain)
    add_into(turned, output)
    assert not torch.equal(output, plain)


def test_channels_last_is_read_right():
    plain, turned = channels_last(1, 2, 3, 4)
    output = torch.zeros_like(plain)
    assert guarded(add_into)(turned, output, factor=2.0) == 'done'
    assert torch.equal(output, 2 * plain)
    assert torch.equal(turned, plain)


def test_what_is_written_into_another_layout_comes_back():
    plain, turned = channels_last(2, 3, 4, 5)
    output = torch.ones_like(turned)
    assert not output.is_contiguous()
    guarded(add_into)(values=plain, output=output)
    assert torch.equal(output, plain + 1)


def test_bfloat16_is_computed_in_float32():
    values = torch.full((1, 1, 2, 2), 1.5, dtype=torch.bfloat16)
    output = torch.zeros(1, 1, 2, 2, dtype=torch.bfloat16)
    with pytest.raises(RuntimeError, match='not implemented'):
        add_into(values, output)
    guarded(add_into)(values, output)
    assert output.dtype == torch.bfloat16
    assert torch.equal(output, values)


def test_float16_and_plain_tensors_pass_as_they_are():
    seen = []
    operator = guarded(lambda *args, **kwargs: seen.extend(args))
    half = torch.zeros(2, dtype=torch.float16)
    ints = torch.zeros(2, dtype=torch.int64)
    operator(half, ints, 7, 'text')
    assert seen[0] is half
    assert seen[1] is ints
    assert seen[2:] == [7, 'text']


def test_a_tensor_passed_twice_is_one_copy():
    seen = []
    operator = guarded(lambda a, b: seen.extend([a, b]))
    _, turned = channels_last(1, 2, 3, 4)
    operator(turned, b=turned)
    assert seen[0] is seen[1]


def test_an_expanded_input_is_read_and_not_written():
    values = torch.arange(3.0)[:, None].expand(3, 4)
    output = torch.zeros(3, 4)
    guarded(add_into)(values, output)
    assert torch.equal(output, values)


def test_autograd_does_not_take_an_input_for_changed():
    _, turned = channels_last(1, 2, 3, 4)
    turned.requires_grad_()
    squared = turned**2  # keeps `turned` for its gradient
    guarded(add_into)(turned, torch.zeros(1, 2, 3, 4))
    squared.sum().backward()
    assert torch.equal(turned.grad, 2 * turned.detach())


def test_all_functions_of_a_module_once():
    module = types.ModuleType('extension')
    module.add_into, module._hidden, module.number = add_into, add_into, 3
    guard_module(module)
    first = module.add_into
    assert first is not add_into
    guard_module(module)
    assert module.add_into is first
    assert module._hidden is add_into
    assert module.number == 3
