"""RoIAlign with the calling convention of ``mmcv._ext``.

If torchvision is installed, its operator is used, which has the same code as
mmcv's; otherwise :mod:`mmuldor.ops.roi_products`, in plain PyTorch.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mmuldor.ops.roi_products import add_pool_gradient, pool
from mmuldor.ops.threads import one_thread
from mmuldor.ops.torchvision_ops import torchvision_ops

# The names and the order of the arguments are mmcv's.

# Largest coordinate of an RoI in pixels of the map. Where `sampling_ratio` is
# 0 an RoI has a sample for each of them: one of 1e9 pixels took 10 GB.
_MAX_ROI_PX = 2**16


@torch.no_grad()
def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the pooled RoIs into ``output``.

    Args:
        input: (N, C, H, W) floats of any dtype; float16 and bfloat16 are
            computed in float32.
        rois: (K, 5) floats ``[image index, x1, y1, x2, y2]``, the box in
            pixels of the image before ``spatial_scale``.
        output: (K, C, aligned_height, aligned_width), written in place.
        argmax_y: Not used; of max pooling.
        argmax_x: Not used; of max pooling.
        aligned_height: Rows of the output.
        aligned_width: Columns of the output.
        spatial_scale: Size of the map divided by size of the image.
        sampling_ratio: Samples per bin and axis; 0: the bin's length in
            pixels, rounded up.
        pool_mode: 1, the mean. Max pooling (0) is not supported.
        aligned: Shift the box by half a pixel, to pixel centres at integers.
            False is the older convention, with boxes of at least one pixel.

    Raises:
        NotImplementedError: For max pooling.
        ValueError: On the CPU, if a box is not finite, has an invalid image
            index or, with ``aligned``, a negative size (the compiled operator
            raises for that, too).
    """
    _check_pool_mode(pool_mode)
    if not output.numel():
        return
    maps, rois = _at_least_float32(input, rois)
    scale = _as_float32(spatial_scale)
    check_rois(rois, len(maps), scale, aligned)
    size = (aligned_height, aligned_width)
    ops = _usable_ops(maps)
    if ops is not None:
        pooled = ops.roi_align(
            maps, rois, scale, *size, sampling_ratio, aligned
        )
    else:
        with _without_autocast(maps), one_thread():
            pooled = pool(maps, rois, size, scale, sampling_ratio, aligned)
    output.copy_(pooled)


@torch.no_grad()
def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Add the gradient of :func:`roi_align_forward` to ``grad_input``.

    Args:
        grad_output: (K, C, aligned_height, aligned_width) floats.
        rois: As for :func:`roi_align_forward`, like all others.
        argmax_y: Not used; of max pooling.
        argmax_x: Not used; of max pooling.
        grad_input: (N, C, H, W), added to in place.
        aligned_height: Rows of ``grad_output``.
        aligned_width: Columns of ``grad_output``.
        spatial_scale: Size of the map divided by size of the image.
        sampling_ratio: Samples per bin and axis.
        pool_mode: 1, the mean.
        aligned: Pixel convention.

    Raises:
        NotImplementedError: For max pooling.
        ValueError: As in :func:`roi_align_forward`.
    """
    _check_pool_mode(pool_mode)
    if not grad_output.numel():
        return
    shape = grad_input.shape
    grad, rois = _at_least_float32(grad_output, rois)
    scale = _as_float32(spatial_scale)
    check_rois(rois, shape[0], scale, aligned)
    size = (aligned_height, aligned_width)
    ops = _usable_ops(grad)
    if ops is not None:
        grad_input += ops._roi_align_backward(
            grad, rois, scale, *size, *shape, sampling_ratio, aligned
        )
        return
    # float16 and bfloat16 are summed in float32.
    maps = grad_input.to(grad.dtype)
    with _without_autocast(grad), one_thread():
        add_pool_gradient(grad, rois, maps, scale, sampling_ratio, aligned)
    if maps is not grad_input:
        grad_input.copy_(maps)


def _at_least_float32(values: Tensor, rois: Tensor) -> tuple[Tensor, Tensor]:
    """Convert both to float32, or to float64 if ``values`` are float64."""
    dtype = torch.promote_types(values.dtype, torch.float32)
    return values.to(dtype), rois.to(dtype)


def _usable_ops(values: Tensor) -> Any | None:
    # In float64 torchvision counts samples differently: it rounds up in
    # float64 what mmcv rounds up in float32. On a GPU its gradients are added
    # up in an order that varies.
    if values.dtype != torch.float32 or (
        values.is_cuda and torch.are_deterministic_algorithms_enabled()
    ):
        return None
    return torchvision_ops()


def _without_autocast(values: Tensor) -> contextlib.AbstractContextManager:
    # Autocast would compute the matrix products in a half type.
    device_type = values.device.type
    if not torch.amp.is_autocast_available(device_type):
        return contextlib.nullcontext()
    return torch.autocast(device_type, enabled=False)


def _as_float32(spatial_scale: float) -> float:
    # The compiled operator takes it as float32, for float64 maps too.
    return float(np.float32(spatial_scale))


def _check_pool_mode(pool_mode: int) -> None:
    if pool_mode != 1:
        raise NotImplementedError(
            "RoIAlign's `pool_mode` must be 'avg' (1) in the stand-in for "
            f"mmcv's compiled operators, but got {pool_mode!r} (0 is 'max'). "
            "Use pool_mode='avg', or install compiled mmcv."
        )


def check_rois(rois: Tensor, images: int, scale: float, aligned: bool) -> None:
    """Raise ValueError where the compiled operator fails or reads wrongly.

    It does not check image indices: a wrong one reads other memory.
    """
    if not rois.is_cpu:
        return  # reading the values would synchronise with the device
    index, boxes = rois[:, 0], rois[:, 1:] * scale - 0.5 * aligned
    invalid = ~rois.isfinite().all(1) | (index < 0) | (index >= images)
    invalid |= (boxes.abs() > _MAX_ROI_PX).any(1)
    if aligned:
        invalid |= (boxes[:, 2:] < boxes[:, :2]).any(1)
    if invalid.any():
        row = int(invalid.nonzero()[0])
        raise ValueError(
            f'`rois` must be finite, at most {_MAX_ROI_PX:,} px of the map, '
            f'of an image from 0 to {images - 1} and, if aligned, not of '
            f'negative size, but rois[{row}] is {rois[row].tolist()}'
        )
