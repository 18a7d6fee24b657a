"""Non-maximum suppression with the calling convention of ``mmcv._ext.nms``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mmuldor.ops.nms_on_cpu import nms_of_sorted
from mmuldor.ops.torchvision_ops import torchvision_ops

# Boxes compared at once: with more, a GPU is synchronised with less often.
_BLOCK = 2048


@torch.no_grad()
def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int
) -> Tensor:
    """Greedy non-maximum suppression.

    Args:
        boxes: (n, 4) floats ``[x1, y1, x2, y2]``, any frame.
        scores: (n,) floats.
        iou_threshold: A box is suppressed if its IoU with a kept box of a
            higher score is above this.
        offset: Widths are ``x2 - x1 + offset``; 0 or 1.

    Returns:
        (m,) int64, indices of the kept boxes by descending score. They equal
        those of the compiled operator: the same sort and the same float32
        arithmetic. (On a GPU, mmcv, torchvision and this code round
        differently, which matters only if an IoU equals the threshold to the
        last digit.)
    """
    order = scores.sort(0, descending=True).indices
    boxes = _at_least_float32(boxes)[order]
    # The compiled operator has a float32 threshold: 0.3 becomes 0.30000001.
    threshold = float(np.float32(iou_threshold))
    ops = torchvision_ops()
    if ops is not None and offset == 0:
        # Scores without ties keep the boxes in the order of the sort above.
        ranks = torch.arange(len(order), 0, -1, device=boxes.device)
        return order[ops.nms(boxes, ranks.to(boxes.dtype), threshold)]
    if boxes.is_cpu:
        kept = nms_of_sorted(boxes.numpy(), threshold, offset)
        return order[torch.from_numpy(kept)]
    return order[_greedy_nms(boxes, threshold, offset)]


def _at_least_float32(boxes: Tensor) -> Tensor:
    return boxes.to(torch.promote_types(boxes.dtype, torch.float32))


def _greedy_nms(boxes: Tensor, threshold: float, offset: int) -> Tensor:
    """NMS of boxes (n, 4) sorted by descending score: (m,) kept indices.

    For GPUs; :mod:`mmuldor.ops.nms_on_cpu` is for CPUs.
    """
    order = torch.arange(len(boxes), device=boxes.device)
    kept = [order[:0]]
    while len(order):
        head, tail = boxes[:_BLOCK], boxes[_BLOCK:]
        keep = _survivors(_overlap(head, head, threshold, offset))
        kept.append(order[:_BLOCK][keep])
        free = ~_overlap(head[keep], tail, threshold, offset).any(0)
        boxes, order = tail[free], order[_BLOCK:][free]
    return torch.cat(kept)


def _overlap(a: Tensor, b: Tensor, threshold: float, offset: int) -> Tensor:
    """Whether the IoU of ``a`` (n, 4) and ``b`` (m, 4) exceeds, (n, m)."""
    ax1, ay1, ax2, ay2 = a[:, :, None].unbind(1)
    bx1, by1, bx2, by2 = b.unbind(1)
    inter = _overlap_length(ax1, ax2, bx1, bx2, offset)
    inter *= _overlap_length(ay1, ay2, by1, by2, offset)
    area_a = (ax2 - ax1 + offset) * (ay2 - ay1 + offset)
    area_b = (bx2 - bx1 + offset) * (by2 - by1 + offset)
    union = (area_a + area_b).sub_(inter)
    # As mmcv's CUDA kernel; its CPU code divides. They differ for a negative
    # union and in the last digit.
    return inter > union.mul_(threshold)


def _overlap_length(
    a_low: Tensor, a_high: Tensor, b_low: Tensor, b_high: Tensor, offset: int
) -> Tensor:
    length = torch.minimum(a_high, b_high)
    length -= torch.maximum(a_low, b_low)
    if offset:
        length += offset
    return length.clamp_(min=0)


def _survivors(overlap: Tensor) -> Tensor:
    """Which of n boxes, by descending score, greedy NMS keeps: (n,) bool.

    A box is kept if no kept box of a higher score overlaps it. The rule is
    applied to all boxes at once and repeated until nothing changes. Each round
    settles at least one more box, so it ends with the result of greedy NMS,
    in practice after a few rounds.
    """
    overlap = overlap.triu(1)
    keep = ~overlap.any(0)
    while True:
        updated = ~(overlap & keep[:, None]).any(0)
        if torch.equal(updated, keep):
            return keep
        keep = updated
