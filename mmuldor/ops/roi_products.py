"""RoIAlign in plain PyTorch, as two small matrix products per RoI.

Bilinear sampling and the mean over samples are separable in rows and columns.
So a pooled RoI is ``rows @ crop @ columns.T``, where ``crop`` is the part of
the map inside the box, and the gradient is the transposed product. RoIs of
similar size are computed in one batch.

The sampling points are those of mmcv/ops/csrc/pytorch/cpu/roi_align.cpp (He et
al., Mask R-CNN, https://arxiv.org/abs/1703.06870).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from mmuldor.ops.sampling import sampling_matrix

# Elements of the crops of one batch: on a CPU few enough for the cache, on a
# GPU enough for full use.
_CROP_NUMEL = 2**17
_CROP_NUMEL_GPU = 2**25


def pool(
    maps: Tensor,
    rois: Tensor,
    size: tuple[int, int],
    scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Pool RoIs from maps.

    Args:
        maps: (N, C, H, W) float32 or float64.
        rois: (K, 5) of the same dtype, ``[image index, x1, y1, x2, y2]`` in
            px of the image.
        size: (P, Q), rows and columns of the output.
        scale: Size of the map divided by size of the image.
        sampling_ratio: Samples per bin and axis; 0: the bin's length in
            pixels, rounded up.
        aligned: Pixel convention.

    Returns:
        (K, C, P, Q) of the dtype of ``maps``.
    """
    channels = maps.shape[1]
    crops = _Crops(rois, maps.shape, size, scale, sampling_ratio, aligned)
    pixels = maps.permute(0, 2, 3, 1)
    if crops.crowded:
        pixels = pixels.contiguous()
    pooled = maps.new_empty(len(rois), size[1], size[0], channels)
    for part in crops:
        k, p, h = part.rows.shape
        _, q, w = part.columns.shape
        crop = pixels[part.pixels].view(k, h, w * channels)
        half = torch.bmm(part.rows, crop).view(k, p, w, channels)
        half = half.transpose(1, 2).reshape(k, w, p * channels)
        result = torch.bmm(part.columns, half)
        pooled[part.rois] = result.view(k, q, p, channels)
    return pooled.permute(0, 3, 2, 1)


def add_pool_gradient(
    grad: Tensor,
    rois: Tensor,
    maps: Tensor,
    scale: float,
    sampling_ratio: int,
    aligned: bool,
) -> None:
    """Add the gradient of :func:`pool` with respect to the maps to ``maps``.

    Args:
        grad: (K, C, P, Q) float32 or float64.
        rois: As for :func:`pool`.
        maps: (N, C, H, W) of the dtype of ``grad``, added to in place.
        scale: Size of the map divided by size of the image.
        sampling_ratio: Samples per bin and axis.
        aligned: Pixel convention.
    """
    channels = maps.shape[1]
    size = (grad.shape[2], grad.shape[3])
    crops = _Crops(rois, maps.shape, size, scale, sampling_ratio, aligned)
    grad = grad.permute(0, 3, 2, 1)
    pixels = target = maps.permute(0, 2, 3, 1)
    if crops.crowded:
        pixels = grad.new_zeros(target.shape)
    for part in crops:
        k, p, h = part.rows.shape
        _, q, w = part.columns.shape
        result = grad[part.rois].reshape(k, q, p * channels)
        half = torch.bmm(part.columns.mT, result).view(k, w, p, channels)
        half = half.transpose(1, 2).reshape(k, p, w * channels)
        crop = torch.bmm(part.rows.mT, half).view(k, h, w, channels)
        pixels.index_put_(part.pixels, crop, accumulate=True)
    if crops.crowded:
        target += pixels


class _Part(NamedTuple):
    """k RoIs whose crops are padded to h x w pixels."""

    rois: Tensor  # (k,) int64, indices of the RoIs
    rows: Tensor  # (k, P, h)
    columns: Tensor  # (k, Q, w)
    pixels: tuple[Tensor, Tensor, Tensor]  # index of (k, h, w) in (N, H, W)


class _Crops:
    """Batches of crops of similar size, for pooling RoIs from maps.

    Attributes:
        crowded: Whether the crops have more than a quarter of the pixels of
            the maps, so that copying the maps to channels-last saves time.
    """

    def __init__(
        self,
        rois: Tensor,
        shape: torch.Size,
        size: tuple[int, int],
        scale: float,
        sampling_ratio: int,
        aligned: bool,
    ) -> None:
        images, self._channels, self._height, self._width = shape
        x1, y1, x2, y2 = (rois[:, 1:] * scale - 0.5 * aligned).unbind(1)
        rule = (sampling_ratio, aligned)
        self._top, high, self._rows = sampling_matrix(
            y1, y2, size[0], self._height, *rule
        )
        self._left, wide, self._columns = sampling_matrix(
            x1, x2, size[1], self._width, *rule
        )
        self._image = rois[:, 0].long()
        self._order = (high * (self._width + 1) + wide).argsort()
        self._spans = torch.stack([high, wide])[:, self._order].tolist()
        taken = sum(h * w for h, w in zip(*self._spans, strict=True))
        self.crowded = 4 * taken > images * self._height * self._width

    def __iter__(self) -> Iterator[_Part]:
        device = self._order.device
        numel = _CROP_NUMEL if device.type == 'cpu' else _CROP_NUMEL_GPU
        high, wide = self._spans
        limit = numel // self._channels
        for start, stop, h, w in _split(high, wide, limit):
            part = self._order[start:stop]
            # Padding has weight 0; its indices are clamped into the map.
            y = self._top[part, None] + torch.arange(h, device=device)
            x = self._left[part, None] + torch.arange(w, device=device)
            yield _Part(
                part,
                self._rows[part, :, :h],
                self._columns[part, :, :w],
                (
                    self._image[part, None, None],
                    y.clamp_(max=self._height - 1)[:, :, None],
                    x.clamp_(max=self._width - 1)[:, None, :],
                ),
            )


def _split(
    heights: list[int], widths: list[int], limit: int
) -> Iterator[tuple[int, int, int, int]]:
    """Split a list of crops into runs of at most ``limit`` padded pixels.

    Yields:
        (start, stop, height, width): the run and the padded size of its crops.
    """
    start = h = w = 0
    for i, (high, wide) in enumerate(zip(heights, widths, strict=True)):
        if i > start and (i + 1 - start) * max(h, high) * max(w, wide) > limit:
            yield start, i, h, w
            start, h, w = i, 0, 0
        h, w = max(h, high), max(w, wide)
    yield start, len(heights), h, w
