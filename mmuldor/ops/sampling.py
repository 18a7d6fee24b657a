"""RoIAlign's bilinear sampling along one axis, as a matrix."""

from __future__ import annotations

import torch
from torch import Tensor


def sampling_matrix(
    start: Tensor,
    end: Tensor,
    bins: int,
    pixels: int,
    sampling_ratio: int,
    aligned: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Weights of the pixels along one axis in the bins of each RoI.

    The operations have the order of mmcv's compiled operator. So a sample on
    the border of a pixel or of the map is rounded to the same side.

    Args:
        start: (K,) float32 or float64, start of each RoI in pixels of the
            map, pixel centres at integers.
        end: (K,) end of each RoI, likewise.
        bins: Number of bins of an RoI.
        pixels: Number of pixels of the map along this axis.
        sampling_ratio: Samples per bin; 0: the bin's length in pixels, rounded
            up.
        aligned: False enlarges RoIs below one pixel to one pixel.

    Returns:
        ``first`` (K,) int64, the first pixel that an RoI uses; ``span`` (K,)
        int64, the number of pixels it uses from there on, at least 1;
        ``matrix`` (K, bins, max span), the weights of these pixels, of the
        dtype of ``start``.
    """
    length = end - start if aligned else (end - start).clamp(min=1)
    step = (length / bins)[:, None, None]
    # The compiled operator rounds up in float32, for float64 maps too.
    count = step.float().ceil().nan_to_num_(0, 0, 0).to(step.dtype)
    if sampling_ratio > 0:
        count = torch.full_like(step, sampling_ratio)
    divisor = count.clamp(min=1)
    samples = torch.arange(int(divisor.max()), device=start.device)
    at_bin = torch.arange(bins, device=start.device)[:, None] * step
    at = start[:, None, None] + at_bin + (samples + 0.5) * step / divisor
    inside = (at >= -1) & (at <= pixels) & (samples < count)
    at = torch.where(inside, at, 0).clamp(0, pixels - 1)
    low = at.long()
    high = (low + 1).clamp(max=pixels - 1)
    first = torch.where(inside, low, pixels - 1).amin((1, 2))
    last = torch.where(inside, high, 0).amax((1, 2))
    span = (last - first + 1).clamp(min=1)
    matrix = at.new_zeros(len(start), bins, int(span.max()))
    share = inside / divisor
    right = at - low
    for pixel, weight in ((low, share * (1 - right)), (high, share * right)):
        # Samples outside have weight 0; clamping makes their index valid.
        column = (pixel - first[:, None, None]).clamp_(0, matrix.shape[2] - 1)
        matrix.scatter_add_(2, column, weight)
    return first, span, matrix
