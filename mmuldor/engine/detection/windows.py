"""Which detectors may run on a window of a slice, and where it lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmdet.models.dense_heads.base_dense_head import BaseDenseHead
from mmdet.models.detectors import (
    BaseDetector,
    SingleStageDetector,
    TwoStageDetector,
)
from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from torch import Tensor

from mmuldor.engine.detection.detections import masks_can_wait
from mmuldor.engine.detection.surroundings import Surroundings, Window
from mmuldor.upstream.rpn import is_plain_rpn

# Air between a body and the border of its window, px of the network's input:
# one cell of the finest map. On phantoms scores then change by 0.0003, as with
# 16 px; without it by 0.005.
_MARGIN = 4
# Usual stride of the coarsest map: a test image has three of its cells a side.
_USUAL_STRIDE = 64
# Distance of slices that is tried, mm: not one that `AlignShift` rounds off.
_INTERVAL_MM = 3.0
# Convolutions round differently for other shapes, by 1e-6 of the maximum.
_ROUNDING = 1e-4


def plain_network(
    detector: BaseDetector,
) -> Callable[[Tensor], list[Tensor]] | None:
    """The maps of a detector and what its first head makes of them.

    Returns:
        A function of the network's input. None for a detector that does not
        follow mmdet's own steps, or whose masks are more than a part of its
        detections' boxes.
    """
    # Any: torch types every attribute of a module as a tensor or module.
    parts: Any = detector
    if isinstance(detector, TwoStageDetector):
        if not (detector.with_rpn and is_plain_rpn(parts.rpn_head)):
            return None
        if not (masks_can_wait(detector) or has_boxes_alone(detector)):
            return None
        head = parts.rpn_head
    elif isinstance(detector, SingleStageDetector):
        head = parts.bbox_head
        if (
            type(detector).predict is not SingleStageDetector.predict
            or not isinstance(head, BaseDenseHead)
            or type(head).predict is not BaseDenseHead.predict
            or detector.with_mask
        ):
            return None
    else:
        return None

    def network(inputs: Tensor) -> list[Tensor]:
        features = parts.extract_feat(inputs)
        return [*features, *_tensors(head(features))]

    return network


def has_boxes_alone(detector: TwoStageDetector) -> bool:
    """Whether a two-stage detector has no masks, and mmdet's own steps."""
    head = detector.roi_head
    return not head.with_mask and type(head).predict is BaseRoIHead.predict


def _tensors(values: Any) -> list[Tensor]:
    """All tensors of nested lists."""
    if isinstance(values, Tensor):
        return [values]
    return [tensor for value in values for tensor in _tensors(value)]


def is_local(
    network: Callable[[Tensor], Sequence[Tensor]],
    channels: int,
    device: Any,
    halves: bool = False,
    interval_channel: bool = False,
) -> bool:
    """Whether a network computes on a window what it does on the whole.

    It is tried on noise. Means over the whole map, attention, and padding
    that :class:`Surroundings` does not know change the result.

    Args:
        network: See :func:`plain_network`.
        channels: Channels of its input.
        device: Its device.
        halves: See :class:`Surroundings`.
        interval_channel: Whether the last of them has the distance of the
            slices, the same everywhere, see ``CTDataPreprocessor``.
    """
    stride = _USUAL_STRIDE
    while True:
        grid = stride // 2 if halves else stride
        window = Window(grid, grid, grid + stride, grid + stride)
        inputs = _test_image(channels, 3 * stride, window)
        if interval_channel:
            inputs[:, -1] = _INTERVAL_MM
        inputs = inputs.to(device)
        whole = Surroundings(network, inputs, halves)
        if whole.grid <= grid:
            return _agrees(network, inputs, whole, window)
        stride = 2 * whole.grid if halves else whole.grid


def _test_image(channels: int, side: int, window: Window) -> Tensor:
    """Noise, brighter in a window, so that a mean over the map shows."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((1, channels, side, side), generator=generator)
    noise[window.within()] += 3
    return noise


def _agrees(
    network: Callable[[Tensor], Sequence[Tensor]],
    inputs: Tensor,
    whole: Surroundings,
    window: Window,
) -> bool:
    with torch.no_grad(), whole.around(window):
        parts = network(inputs[window.within()])
    return all(
        part.shape == expected.shape
        and float((part - expected).abs().max())
        <= _ROUNDING * max(float(expected.abs().max()), 1e-6)
        for part, expected in zip(parts, whole.outputs_in(window), strict=True)
    )


def window_around(
    box_px: Sequence[float],
    scale_factor: Sequence[float],
    shape: Sequence[int],
    grid: int,
    step: int,
) -> Window:
    """The window of a body in the network's input.

    Args:
        box_px: `x1 y1 x2 y2` of the body, px of the slice as the network sees
            it, flipped if that is.
        scale_factor: Width and height of a pixel of the slice, px of input.
        shape: Height and width of the input, padded.
        grid: The window begins at multiples of this.
        step: Its sides are multiples of this, unless the input ends.
    """
    sides = []
    for axis, end in enumerate((shape[1], shape[0])):
        low = box_px[axis] * scale_factor[axis] - _MARGIN
        high = box_px[axis + 2] * scale_factor[axis] + _MARGIN
        first = max(math.floor(low / grid), 0) * grid
        # More than a cell of the grid, so that no map is empty.
        size = max(math.ceil((high - first) / step) * step, grid + step)
        last = min(first + size, end)
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    return Window(left, top, right, bottom)


def in_window(data: dict, window: Window) -> dict:
    """The part of a preprocessed batch that a window has.

    Args:
        data: ``inputs`` (N, C, H, W) and ``data_samples``, which get the
            window's size as their own and ``window_offset``.
        window: Where to cut.
    """
    left, top, right, bottom = window
    for sample in data['data_samples']:
        height, width = sample.img_shape[:2]
        size = bottom - top, right - left
        sample.set_metainfo(
            dict(
                img_shape=(
                    min(bottom, height) - top,
                    min(right, width) - left,
                ),
                pad_shape=size,
                batch_input_shape=size,
                window_offset=(left, top),
            )
        )
    inputs = data['inputs'][window.within()]
    return {**data, 'inputs': inputs.contiguous()}
