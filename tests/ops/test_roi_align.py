from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmuldor.ops import roi_align as module
from mmuldor.ops.roi_align import roi_align_backward, roi_align_forward


def options(size=2, scale=1.0, sampling_ratio=2, aligned=True, pool_mode=1):
    height, width = (size, size) if isinstance(size, int) else size
    return {
        'aligned_height': height,
        'aligned_width': width,
        'spatial_scale': scale,
        'sampling_ratio': sampling_ratio,
        'pool_mode': pool_mode,
        'aligned': aligned,
    }


def forward(maps, rois, **kwargs):
    call = options(**kwargs)
    size = (call['aligned_height'], call['aligned_width'])
    output = maps.new_full((len(rois), maps.shape[1], *size), torch.nan)
    none = maps.new_zeros(0)
    result = roi_align_forward(maps, rois, output, none, none, **call)
    assert result is None
    return output


def backward(grad, rois, grad_input, **kwargs):
    none = grad.new_zeros(0)
    call = options(grad.shape[2:], **kwargs)
    roi_align_backward(grad, rois, none, none, grad_input, **call)
    return grad_input


def ramp(height=8, width=8):
    """A map whose value is its column."""
    return torch.arange(width).float().expand(1, 1, height, width)


def roi(*box, image=0):
    return torch.tensor([[image, *box]], dtype=torch.float32)


@pytest.mark.parametrize('sampling_ratio', [0, 1, 2, 4])
def test_mean_of_each_bin_of_a_ramp(sampling_ratio):
    # The box spans 1.5 to 5.5 in pixel centres; its bins 1.5-3.5, 3.5-5.5.
    output = forward(ramp(), roi(2, 2, 6, 6), sampling_ratio=sampling_ratio)
    assert output.tolist() == [[[[2.5, 4.5], [2.5, 4.5]]]]


def test_without_alignment_the_box_lies_half_a_pixel_further():
    output = forward(ramp(), roi(2, 2, 6, 6), aligned=False)
    assert output.tolist() == [[[[3, 5], [3, 5]]]]


def test_scale_and_output_that_is_not_square():
    box = roi(8, 8, 24, 24)
    output = forward(ramp(), box, size=(1, 2), scale=0.25)
    assert output.tolist() == [[[[2.5, 4.5]]]]


def test_outside_the_map_is_zero_and_the_border_continues_by_a_pixel():
    # Samples at 8.25 and 8.75 lie beyond the border at 8, those at 7.25 and
    # 7.75 take the last column, 7.
    output = forward(ramp(), roi(7.5, 2, 9.5, 4), size=(1, 2))
    assert output.tolist() == [[[[7, 0]]]]
    assert forward(ramp(), roi(50, 50, 60, 60)).tolist() == [[[[0, 0]] * 2]]


def test_a_box_without_size():
    point = roi(4, 4, 4, 4)
    # One sample per pixel begun makes none; two samples lie all on 3.5.
    assert not forward(ramp(), point, sampling_ratio=0).any()
    assert (forward(ramp(), point, sampling_ratio=2) == 3.5).all()
    # Not aligned it is stretched to a pixel, from 4 to 5.
    stretched = forward(ramp(), point, sampling_ratio=0, aligned=False)
    assert stretched[0, 0, 0].tolist() == [4.25, 4.75]


def test_each_roi_reads_its_image():
    maps = torch.tensor([1.0, 2.0, 3.0])[:, None, None, None].expand(
        3, 1, 4, 4
    )
    rois = torch.cat([roi(1, 1, 3, 3, image=i) for i in (2, 0, 2)])
    assert forward(maps, rois)[:, 0, 0, 0].tolist() == [3, 1, 3]


def test_no_rois():
    maps = torch.randn(1, 3, 4, 4)
    assert forward(maps, torch.zeros(0, 5)).shape == (0, 3, 2, 2)
    grad_input = torch.ones_like(maps)
    backward(torch.zeros(0, 3, 2, 2), torch.zeros(0, 5), grad_input)
    assert (grad_input == 1).all()


def test_gradient_of_one_bin_by_hand():
    # One sample at (1.25, 0.5): columns 1 and 2 get 3/4 and 1/4, rows half.
    box = roi(1.25, 0.5, 2.25, 1.5)
    grad = torch.full((1, 1, 1, 1), 8.0)
    grad_input = backward(grad, box, torch.zeros(1, 1, 3, 4), sampling_ratio=1)
    assert grad_input[0, 0].tolist() == [[0, 3, 1, 0], [0, 3, 1, 0], [0] * 4]


def test_gradient_is_added():
    grad_input = torch.full((1, 1, 8, 8), 10.0)
    backward(torch.ones(1, 1, 2, 2), roi(2, 2, 6, 6), grad_input)
    assert grad_input.sum().item() == pytest.approx(640 + 4)


boxes = st.lists(
    st.tuples(*[st.floats(-6, 26, width=32)] * 4, st.integers(0, 1)),
    min_size=1,
    max_size=12,
)


def make_rois(values):
    rows = [
        [i, min(a, c), min(b, d), max(a, c), max(b, d)]
        for a, b, c, d, i in values
    ]
    return torch.tensor(rows, dtype=torch.float64)


@given(
    boxes,
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([(20, 20), (1, 20), (3, 2), (60, 60)]),
)
def test_gradient_is_the_transposed_product(values, size, ratio, aligned, hw):
    generator = torch.Generator().manual_seed(0)
    rois = make_rois(values)
    maps = torch.randn(2, 3, *hw, generator=generator, dtype=torch.float64)
    grad = torch.randn(
        len(rois), 3, *size, generator=generator, dtype=torch.float64
    )
    call = {'sampling_ratio': ratio, 'aligned': aligned}
    output = forward(maps, rois, size=size, **call)
    grad_input = backward(grad, rois, torch.zeros_like(maps), **call)
    torch.testing.assert_close(
        (output * grad).sum(), (maps * grad_input).sum()
    )


@given(st.floats(1, 10), st.floats(1, 10), st.floats(0, 9), st.floats(0, 9))
def test_a_plane_is_read_at_the_centres_of_the_bins(x, y, width, height):
    rows, columns = torch.meshgrid(
        torch.arange(20.0), torch.arange(20.0), indexing='ij'
    )
    plane = (3 * columns - 2 * rows + 1)[None, None]
    output = forward(plane, roi(x, y, x + width, y + height), size=(3, 4))
    at_x = x - 0.5 + width * (torch.arange(4) + 0.5) / 4
    at_y = y - 0.5 + height * (torch.arange(3) + 0.5) / 3
    expected = 3 * at_x - 2 * at_y[:, None] + 1
    torch.testing.assert_close(output[0, 0], expected, atol=1e-4, rtol=0)


def random_call(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 16, 20, 20, generator=generator).to(dtype)
    low = 15 * torch.rand(40, 2, generator=generator)
    high = low + 8 * torch.rand(40, 2, generator=generator)
    image = torch.randint(2, (40, 1), generator=generator)
    return maps, torch.cat([image, low, high], 1).to(dtype)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_types_are_computed_in_float32(dtype):
    maps, rois = random_call(dtype)
    output = forward(maps, rois)
    assert output.dtype == dtype
    assert torch.equal(output, forward(maps.float(), rois.float()).to(dtype))
    grad_input = backward(output, rois, torch.zeros_like(maps))
    exact = backward(output.float(), rois.float(), torch.zeros(maps.shape))
    assert torch.equal(grad_input, exact.to(dtype))


def test_autocast_changes_nothing():
    maps, rois = random_call()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        output = forward(maps, rois)
        grad_input = backward(output, rois, torch.zeros_like(maps))
    assert torch.equal(output, forward(maps, rois))
    assert torch.equal(
        grad_input, backward(output, rois, torch.zeros_like(maps))
    )


def test_memory_format_changes_nothing():
    maps, rois = random_call()
    last = maps.contiguous(memory_format=torch.channels_last)
    output = forward(maps, rois)
    torch.testing.assert_close(forward(last, rois), output)
    torch.testing.assert_close(
        backward(output, rois, torch.zeros_like(last)),
        backward(output, rois, torch.zeros_like(maps)),
    )


def test_max_pooling_is_refused():
    with pytest.raises(NotImplementedError, match="must be 'avg'"):
        forward(ramp(), roi(2, 2, 6, 6), pool_mode=0)
    with pytest.raises(NotImplementedError, match='pool_mode'):
        backward(torch.ones(1, 1, 2, 2), roi(2, 2, 6, 6), ramp(), pool_mode=0)


@pytest.mark.parametrize(
    'rois',
    [
        roi(6, 2, 2, 6),
        roi(2, 6, 6, 2),
        roi(2, torch.nan, 6, 6),
        roi(2, 2, torch.inf, 6),
        roi(2, 2, 1e9, 6),
        roi(2, 2, 6, 6, image=1),
        roi(2, 2, 6, 6, image=-1),
    ],
)
def test_bad_rois_are_named(rois):
    rois = torch.cat([roi(2, 2, 6, 6), rois])
    with pytest.raises(ValueError, match=r'but rois\[1\] is'):
        forward(ramp(), rois)
    with pytest.raises(ValueError, match=r'but rois\[1\] is'):
        backward(torch.ones(2, 1, 2, 2), rois, torch.zeros(1, 1, 8, 8))


def test_negative_size_without_alignment_is_one_pixel():
    output = forward(ramp(), roi(6, 4, 2, 3), aligned=False)
    assert output[0, 0, 0].tolist() == [6.25, 6.75]


def test_float64_rounds_where_the_compiled_operator_holds_float32():
    # Bins of 2.0000000005 pixels begin two pixels, not three, as a float32
    # tells; the square of the column would show it.
    squares = ramp().double() ** 2
    box = roi(2, 2, 6, 6).double()
    longer = box + torch.tensor([0, 0, 0, 1e-9, 1e-9], dtype=torch.float64)
    torch.testing.assert_close(
        forward(squares, longer, sampling_ratio=0),
        forward(squares, box, sampling_ratio=2),
    )
    # A scale of 0.1 is 0.10000000149: a sample meant for the border of the
    # map at 5 lies outside.
    point = roi(55, 20, 55, 20).double()
    maps = torch.ones(1, 1, 5, 5, dtype=torch.float64)
    assert not forward(maps, point, scale=0.1).any()


def test_gradients_on_a_gpu_are_in_a_fixed_order_where_asked(monkeypatch):
    """torchvision's kernel adds them up by atomic operations."""
    monkeypatch.setattr(module, 'torchvision_ops', lambda: 'torchvision')
    ask = torch.are_deterministic_algorithms_enabled
    monkeypatch.setattr(torch, ask.__name__, lambda: True)
    on_gpu = SimpleNamespace(dtype=torch.float32, is_cuda=True)
    assert module._usable_ops(on_gpu) is None
    assert module._usable_ops(torch.zeros(1)) == 'torchvision'
    monkeypatch.setattr(torch, ask.__name__, lambda: False)
    assert module._usable_ops(on_gpu) == 'torchvision'
